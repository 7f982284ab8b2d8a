import { RubyFault } from './fault.js';
import { Scanner, type Token } from './scanner.js';
import { isMethod, standsFor } from './variable.js';

/** A value in a Ruby DDL, with the line that it is on. */
export type Value = { readonly line: number } & (
  | { readonly kind: 'plain'; readonly value: string | number | boolean | null }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'array'; readonly items: readonly Value[] }
  | { readonly kind: 'hash'; readonly pairs: ReadonlyMap<string, Value> }
  | ({ readonly kind: 'call' } & Call)
);

/** A word with what it is given: `input :name, :prompt => "Name"`. */
export interface Call {
  readonly word: string;
  readonly line: number;
  readonly values: readonly Value[];
  readonly pairs: ReadonlyMap<string, Value>;
}

/** A call that stands by itself, with the calls in its block. */
export interface Statement extends Call {
  readonly body: readonly Statement[] | undefined;
}

const most = 10_000;
const deepest = 20;

const keywords = new Set(
  'if unless case while until for begin def class module require load return include raise lambda proc loop'.split(
    ' ',
  ),
);

/** Reads the statements of a Ruby DDL; anything that would have to be run is refused. Throws RubyFault. */
export function parseRuby(text: string): readonly Statement[] {
  const tokens: Token[] = [];
  for (const token of new Scanner(text).tokens()) {
    tokens.push(token);
    if (tokens.length > 20 * most) throw new RubyFault(token.line, 'the DDL is too long');
  }
  return new Parser(tokens).statements(undefined);
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #count = 0;
  /** What the variables of the loops around stand for now. */
  readonly #bindings = new Map<string, string>();

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  statements(closing: 'end' | '}' | undefined): Statement[] {
    return this.#nested(() => {
      const found: Statement[] = [];
      for (;;) {
        this.#skipNewlines();
        const token = this.#peek();
        if (token.kind === 'end') {
          if (closing === undefined) return found;
          throw new RubyFault(token.line, `"${closing}" is missing`);
        }
        if (token.text === closing && (token.kind === 'word' || token.kind === 'mark')) {
          this.#at += 1;
          return found;
        }
        if (token.kind === 'words' || this.#isMark('[')) found.push(...this.#loop());
        else found.push(this.#statement());
      }
    });
  }

  #statement(): Statement {
    const token = this.#peek();
    if (token.kind !== 'word' || keywords.has(token.text)) throw isProgram(token);
    this.#count += 1;
    if (this.#count > most) throw new RubyFault(token.line, 'the DDL is too long');
    const call = this.#call();
    const next = this.#peek();
    let body: Statement[] | undefined;
    if (next.kind === 'word' && next.text === 'do') body = this.#block('end');
    else if (next.kind === 'mark' && next.text === '{') body = this.#block('}');
    const after = this.#peek();
    const isOver = ['newline', 'end'].includes(after.kind) || [';', 'end', '}'].includes(after.text);
    if (!isOver) throw isProgram(after);
    return { ...call, body };
  }

  // A loop over a list that is written out is an abbreviation: it is written out, too, and not run.
  #loop(): Statement[] {
    const items = this.#operand();
    for (const expected of ['.', 'each']) {
      const token = this.#take();
      if (token.text !== expected) throw isProgram(token);
    }
    const opening = this.#take();
    const closing = opening.text === 'do' ? 'end' : '}';
    if (opening.text !== 'do' && opening.text !== '{') throw isProgram(opening);
    const [bar, name, secondBar] = [this.#take(), this.#take(), this.#take()];
    if (bar.text !== '|' || name.kind !== 'word' || secondBar.text !== '|') throw isProgram(bar);
    const body = this.#at;
    const before = this.#bindings.get(name.text);
    const found: Statement[] = [];
    for (const item of items.kind === 'array' ? items.items : []) {
      if (item.kind !== 'symbol' && !(item.kind === 'plain' && typeof item.value === 'string'))
        throw new RubyFault(item.line, 'a loop may only iterate over strings and symbols');
      this.#bindings.set(name.text, item.kind === 'symbol' ? item.name : String(item.value));
      this.#at = body;
      found.push(...this.statements(closing));
    }
    if (found.length === 0) throw new RubyFault(name.line, 'a loop over an empty list');
    if (before === undefined) this.#bindings.delete(name.text);
    else this.#bindings.set(name.text, before);
    return found;
  }

  #block(closing: 'end' | '}'): Statement[] {
    this.#at += 1;
    const next = this.#peek();
    if (next.text === '|' || next.text === '||') throw isProgram(next);
    return this.statements(closing);
  }

  #call(): Call {
    const { text: word, line } = this.#take();
    const open = this.#peek();
    const isParenthesized = open.kind === 'mark' && open.text === '(';
    if (isParenthesized) this.#at += 1;
    const values: Value[] = [];
    const pairs = new Map<string, Value>();
    const isEnd = ({ kind, text }: Token) =>
      isParenthesized
        ? text === ')' && kind === 'mark'
        : ['newline', 'end'].includes(kind) ||
          (kind === 'word' && ['do', 'end'].includes(text)) ||
          text === ';';
    if (isParenthesized) this.#skipNewlines();
    if (!isEnd(this.#peek()) && !(values.length === 0 && !isParenthesized && this.#isMark('{'))) {
      do {
        this.#skipNewlines();
        this.#argument(values, pairs);
        if (isParenthesized) this.#skipNewlines();
      } while (this.#eat(','));
    }
    if (isParenthesized && !this.#eat(')')) throw new RubyFault(this.#peek().line, '")" is missing');
    return { word, line, values, pairs };
  }

  #argument(values: Value[], pairs: Map<string, Value>): void {
    const token = this.#peek();
    if (token.kind === 'label') {
      this.#at += 1;
      this.#skipNewlines();
      pairs.set(token.text, this.#value());
      return;
    }
    const value = this.#value();
    if (!this.#eat('=>')) values.push(value);
    else {
      this.#skipNewlines();
      pairs.set(keyOf(value), this.#value());
    }
  }

  #value(): Value {
    return this.#nested(() => {
      const value = this.#operand();
      const next = this.#peek();
      if (next.kind === 'mark' && !/^([,)}\]{;]|=>)$/.test(next.text)) throw isProgram(next);
      return value;
    });
  }

  #operand(): Value {
    const { kind, text, line, flags = '' } = this.#peek();
    if (kind === 'word' && this.#bindings.has(text)) return this.#variable();
    if (
      kind === 'word' &&
      /^[a-z]/.test(text) &&
      !['true', 'false', 'nil'].includes(text) &&
      !keywords.has(text)
    ) {
      return { kind: 'call', ...this.#call() };
    }
    if (kind === 'string') return { kind: 'plain', value: this.#joined(), line };
    if (kind === 'symbol') return { kind: 'symbol', name: this.#text(this.#take()), line };
    this.#at += 1;
    if (kind === 'words') return { kind: 'array', items: wordsOf(text, line), line };
    if (kind === 'regex') return { kind: 'regex', source: text, flags, line };
    if (kind === 'number') return { kind: 'plain', value: Number(text.replaceAll('_', '')), line };
    if (text === '[') return { kind: 'array', items: this.#items(), line };
    if (text === '{') return { kind: 'hash', pairs: this.#pairs(), line };
    if (text === 'true' || text === 'false') return { kind: 'plain', value: text === 'true', line };
    if (text === 'nil') return { kind: 'plain', value: null, line };
    throw isProgram({ kind, text, line });
  }

  // "a" "b" is one text in Ruby.
  #joined(): string {
    let all = '';
    while (this.#peek().kind === 'string') all += this.#text(this.#take());
    return all;
  }

  #text({ text, pieces, line }: Token): string {
    if (!pieces) return text;
    return pieces
      .map((piece) => (typeof piece === 'string' ? piece : standsFor(piece, this.#bindings, line)))
      .join('');
  }

  #variable(): Value {
    const { text: name, line } = this.#take();
    const methods: string[] = [];
    while (this.#eat('.')) {
      const method = this.#take();
      if (!isMethod(method.text)) throw isProgram(method);
      methods.push(method.text);
    }
    return { kind: 'plain', value: standsFor({ name, methods }, this.#bindings, line), line };
  }

  #items(): Value[] {
    const items: Value[] = [];
    this.#list(']', () => items.push(this.#value()));
    return items;
  }

  #pairs(): ReadonlyMap<string, Value> {
    const pairs = new Map<string, Value>();
    const values: Value[] = [];
    this.#list('}', () => {
      this.#argument(values, pairs);
      const [stray] = values;
      if (stray) throw new RubyFault(stray.line, '"=>" is missing');
    });
    return pairs;
  }

  #list(closing: string, one: () => void): void {
    for (;;) {
      this.#skipNewlines();
      if (this.#eat(closing)) return;
      one();
      this.#skipNewlines();
      if (this.#eat(',')) continue;
      if (!this.#eat(closing)) throw new RubyFault(this.#peek().line, `"${closing}" is missing`);
      return;
    }
  }

  #nested<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > deepest) throw new RubyFault(this.#peek().line, 'the DDL is nested too deeply');
    const result = work();
    this.#depth -= 1;
    return result;
  }

  #skipNewlines(): void {
    while (this.#peek().kind === 'newline' || this.#isMark(';')) this.#at += 1;
  }

  #isMark(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'mark' && token.text === text;
  }

  #eat(text: string): boolean {
    const is = this.#isMark(text);
    if (is) this.#at += 1;
    return is;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }
}

function wordsOf(text: string, line: number): Value[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.map((value) => ({ kind: 'plain', value, line }));
}

function keyOf(value: Value): string {
  if (value.kind === 'symbol') return value.name;
  if (value.kind === 'plain') return String(value.value);
  throw new RubyFault(value.line, 'a key must be a symbol or a string');
}

function isProgram({ text, line, kind }: Token): RubyFault {
  const what = kind === 'end' || kind === 'newline' ? text : JSON.stringify(text.slice(0, 40));
  return new RubyFault(
    line,
    `unexpected ${what}: Ruby code (loops, conditions, variables, methods) is not executed; write the actions without it`,
  );
}
