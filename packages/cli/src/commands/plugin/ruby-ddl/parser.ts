import { RubyFault } from './fault.js';
import { callMethod, operate, operators } from './operation.js';
import { Scanner, type Token } from './scanner.js';
import { type Call, isTrue, notRun, type Statement, textOf, type Value } from './value.js';

const most = 10_000;
const deepest = 30;

const keywords = new Set(
  'if unless elsif else when then case while until for begin rescue def class module require load return include raise lambda proc loop yield'.split(
    ' ',
  ),
);
const loops = ['each', 'each_pair'];

/**
 * Reads the statements of a Ruby DDL. Loops over literal lists, conditions and computations of literals are written out;
 * everything else that would have to be run is refused. Throws RubyFault.
 */
export function parseRuby(text: string): readonly Statement[] {
  const tokens: Token[] = [];
  for (const token of new Scanner(text).tokens()) {
    tokens.push(token);
    if (tokens.length > 20 * most) throw new RubyFault(token.line, 'the DDL is too long');
  }
  return new Parser(tokens, new Map()).statements([]).found;
}

class Parser {
  readonly #tokens: readonly Token[];
  /** The values of variables now. */
  readonly #variables: Map<string, Value>;
  #at = 0;
  #depth = 0;
  #count = 0;

  constructor(tokens: readonly Token[], variables: Map<string, Value>) {
    this.#tokens = tokens;
    this.#variables = variables;
  }

  /** The statements up to one of these words or marks, and which it is. */
  statements(closings: readonly string[]): { readonly found: Statement[]; readonly closing: string } {
    return this.#nested(() => {
      const found: Statement[] = [];
      for (;;) {
        this.#skipNewlines();
        const token = this.#peek();
        if (token.kind === 'end') {
          const [wanted] = closings.slice(-1);
          if (wanted === undefined) return { found, closing: '' };
          throw new RubyFault(token.line, `"${wanted}" is missing`);
        }
        if (closings.includes(token.text) && (token.kind === 'word' || token.kind === 'mark')) {
          this.#at += 1;
          return { found, closing: token.text };
        }
        found.push(...this.#oneOrMore(token));
      }
    });
  }

  #oneOrMore(token: Token): readonly Statement[] {
    this.#count += 1;
    if (this.#count > most) throw new RubyFault(token.line, 'the DDL is too long');
    const { kind, text } = token;
    if (kind === 'words' || (kind === 'mark' && (text === '[' || text === '{'))) return this.#loop();
    if (kind !== 'word') throw isProgram(token);
    if (text === 'if' || text === 'unless') return this.#condition();
    if (text === 'case') return this.#case();
    if (this.#isAssignment()) return this.#assignment();
    if (this.#variables.has(text)) return this.#loop();
    return this.#statement();
  }

  #statement(): readonly Statement[] {
    const token = this.#peek();
    if (keywords.has(token.text)) throw isProgram(token);
    const call = this.#call();
    const next = this.#peek();
    let body: Statement[] | undefined;
    if (next.kind === 'word' && next.text === 'do') body = this.#block('end');
    else if (next.kind === 'mark' && next.text === '{') body = this.#block('}');
    return this.#modified([{ ...call, body }]);
  }

  // A statement may end with a condition.
  #modified(statements: readonly Statement[]): readonly Statement[] {
    const { kind, text } = this.#peek();
    const isModifier = kind === 'word' && (text === 'if' || text === 'unless');
    if (isModifier) this.#at += 1;
    const isKept = !isModifier || isTrue(this.#value()) === (text === 'if');
    this.#expectEnd();
    return isKept ? statements : [];
  }

  #expectEnd(): void {
    const { kind, text } = this.#peek();
    const isOver =
      ['newline', 'end'].includes(kind) || [';', 'end', '}', 'else', 'elsif', 'when'].includes(text);
    if (!isOver) throw isProgram(this.#peek());
  }

  #isAssignment(): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'mark' && next.text === '=' && /^[a-z_]/.test(this.#peek().text);
  }

  #assignment(): readonly Statement[] {
    const { text } = this.#take();
    this.#at += 1;
    this.#skipNewlines();
    this.#variables.set(text, this.#value());
    this.#expectEnd();
    return [];
  }

  // if A … elsif B … else … end, or unless A … else … end; only the branch that applies is kept.
  #condition(): readonly Statement[] {
    const isUnless = this.#take().text === 'unless';
    let isDone = false;
    let kept: readonly Statement[] = [];
    let closing = 'elsif';
    let isHeld = isTrue(this.#value()) !== isUnless;
    while (closing !== 'end') {
      this.#eatWord('then');
      const isLast = closing === 'else';
      const branch = this.#branch(isHeld && !isDone, isLast ? ['end'] : ['elsif', 'else', 'end']);
      if (isHeld && !isDone) kept = branch.found;
      isDone ||= isHeld;
      closing = branch.closing;
      isHeld = closing === 'elsif' ? isTrue(this.#value()) : true;
    }
    return kept;
  }

  #case(): readonly Statement[] {
    this.#at += 1;
    const subject = this.#value();
    this.#skipNewlines();
    let kept: readonly Statement[] | undefined;
    let closing = this.#take().text;
    if (closing !== 'when') throw isProgram(this.#previous());
    while (closing !== 'end') {
      let isHeld = closing === 'else';
      if (closing === 'when') {
        do {
          this.#skipNewlines();
          if (isCase(this.#value(), subject)) isHeld = true;
        } while (this.#eat(','));
        this.#eatWord('then');
      }
      const branch = this.#branch(
        isHeld && kept === undefined,
        closing === 'else' ? ['end'] : ['when', 'else', 'end'],
      );
      if (isHeld) kept ??= branch.found;
      closing = branch.closing;
    }
    return kept ?? [];
  }

  // What a branch that does not apply assigns does not count.
  #branch(isTaken: boolean, closings: readonly string[]) {
    const before = new Map(this.#variables);
    const branch = this.statements(closings);
    if (!isTaken) {
      this.#variables.clear();
      for (const [name, value] of before) this.#variables.set(name, value);
    }
    return branch;
  }

  // A loop over a list that is written out is an abbreviation: it is written out, too, and not run.
  #loop(): readonly Statement[] {
    const items = this.#operand();
    if (!this.#eat('.')) throw isProgram(this.#peek());
    const method = this.#take();
    if (!loops.includes(method.text)) throw isProgram(method);
    const opening = this.#take();
    const closing = opening.text === 'do' ? 'end' : '}';
    if (opening.text !== 'do' && opening.text !== '{') throw isProgram(opening);
    const names = this.#parameters();
    const body = this.#at;
    const rounds = roundsOf(items);
    if (rounds.length === 0) throw new RubyFault(items.line, 'a loop over an empty list');
    const before = names.map((name) => [name, this.#variables.get(name)] as const);
    const found: Statement[] = [];
    for (const values of rounds) {
      this.#count += 1;
      for (const [index, name] of names.entries())
        this.#variables.set(name, values[index] ?? { kind: 'plain', value: null, line: items.line });
      if (names.length === 1 && values.length > 1)
        this.#variables.set(names[0] ?? '', { kind: 'array', items: values, line: items.line });
      this.#at = body;
      found.push(...this.statements([closing]).found);
    }
    for (const [name, value] of before) {
      if (value === undefined) this.#variables.delete(name);
      else this.#variables.set(name, value);
    }
    return this.#modified(found);
  }

  #parameters(): readonly string[] {
    const bar = this.#take();
    if (bar.text !== '|') throw isProgram(bar);
    const names: string[] = [];
    do {
      const name = this.#take();
      if (name.kind !== 'word') throw isProgram(name);
      names.push(name.text);
    } while (this.#eat(','));
    const end = this.#take();
    if (end.text !== '|') throw isProgram(end);
    return names;
  }

  #block(closing: 'end' | '}'): Statement[] {
    this.#at += 1;
    const next = this.#peek();
    if (next.text === '|' || next.text === '||') throw isProgram(next);
    return this.statements([closing]).found;
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
          (kind === 'word' && ['do', 'end', 'if', 'unless'].includes(text)) ||
          (kind === 'mark' && /^[;)\]}.,]$|^=>$/.test(text));
    if (isParenthesized) this.#skipNewlines();
    if (!isEnd(this.#peek()) && !(!isParenthesized && this.#isMark('{'))) {
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

  /** The value of the only expression of these tokens. */
  expression(): Value {
    const value = this.#value();
    if (this.#peek().kind !== 'end') throw isProgram(this.#peek());
    return value;
  }

  #value(): Value {
    return this.#nested(() => {
      const value = this.#choice();
      const next = this.#peek();
      if (next.kind === 'mark' && !/^([,)}\]{;:|]|=>)$/.test(next.text)) throw isProgram(next);
      return value;
    });
  }

  // condition ? one : other
  #choice(): Value {
    const condition = this.#binary(0);
    if (!this.#eat('?')) return condition;
    this.#skipNewlines();
    const one = this.#nested(() => this.#choice());
    this.#skipNewlines();
    if (!this.#eat(':')) throw isProgram(this.#peek());
    this.#skipNewlines();
    const other = this.#nested(() => this.#choice());
    return isTrue(condition) ? one : other;
  }

  #binary(level: number): Value {
    const own = operators[level];
    if (own === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text } = this.#peek();
      if ((kind !== 'mark' && kind !== 'word') || !own.includes(text)) return left;
      this.#at += 1;
      this.#skipNewlines();
      left = operate(text, left, this.#binary(level + 1));
    }
  }

  #unary(): Value {
    const { kind, text, line } = this.#peek();
    const isNot = (kind === 'mark' && text === '!') || (kind === 'word' && text === 'not');
    if (!isNot) return this.#methods(this.#operand());
    this.#at += 1;
    const value = this.#nested(() => this.#unary());
    return { kind: 'plain', value: !isTrue(value), line };
  }

  // Not the one that makes it a loop, which is a statement.
  #methods(start: Value): Value {
    let value = start;
    for (;;) {
      const [next, name] = [this.#peek(), this.#tokens[this.#at + 1]];
      if (next.kind !== 'mark' || next.text !== '.' || name === undefined || value.kind === 'call')
        return value;
      if (loops.includes(name.text)) return value;
      this.#at += 2;
      value = callMethod(value, name.text, this.#isMark('(') ? this.#given() : [], name.line);
    }
  }

  #given(): readonly Value[] {
    const values: Value[] = [];
    this.#at += 1;
    this.#list(')', () => values.push(this.#value()));
    return values;
  }

  #operand(): Value {
    const { kind, text, line, flags = '' } = this.#peek();
    const known = kind === 'word' ? this.#variables.get(text) : undefined;
    if (known !== undefined) {
      this.#at += 1;
      return { ...known, line };
    }
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
    if (text === '(') return this.#parenthesized();
    if (text === 'true' || text === 'false') return { kind: 'plain', value: text === 'true', line };
    if (text === 'nil') return { kind: 'plain', value: null, line };
    throw isProgram({ kind, text, line });
  }

  #parenthesized(): Value {
    this.#skipNewlines();
    const value = this.#value();
    this.#skipNewlines();
    if (!this.#eat(')')) throw new RubyFault(this.#peek().line, '")" is missing');
    return value;
  }

  // "a" "b" is one text in Ruby.
  #joined(): string {
    let all = '';
    while (this.#peek().kind === 'string') all += this.#text(this.#take());
    return all;
  }

  #text({ text, pieces, line }: Token): string {
    if (!pieces) return text;
    return pieces.map((piece) => (typeof piece === 'string' ? piece : this.#inserted(piece, line))).join('');
  }

  #inserted(tokens: readonly Token[], line: number): string {
    const value = this.#nested(() => new Parser(tokens, this.#variables).expression());
    const text = textOf(value);
    if (text !== undefined) return text;
    throw new RubyFault(
      line,
      'a string with #{…} is Ruby code, which is not executed: write the string without it',
    );
  }

  #items(): Value[] {
    const items: Value[] = [];
    const pairs = new Map<string, Value>();
    const { line } = this.#peek();
    this.#list(']', () => this.#argument(items, pairs));
    return pairs.size > 0 ? [...items, { kind: 'hash', pairs, line }] : items;
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

  #eatWord(text: string): void {
    const token = this.#peek();
    if (token.kind === 'word' && token.text === text) this.#at += 1;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #previous(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length) - 1] as Token;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }
}

// The values of the variables in each round of a loop.
function roundsOf(items: Value): readonly (readonly Value[])[] {
  if (items.kind === 'array') return items.items.map((item) => (item.kind === 'array' ? item.items : [item]));
  if (items.kind === 'hash')
    return [...items.pairs].map(([name, value]) => [{ kind: 'symbol', name, line: items.line }, value]);
  throw notRun(items.line, 'each');
}

function isCase(pattern: Value, subject: Value): boolean {
  return isTrue(operate(pattern.kind === 'regex' ? '=~' : '==', subject, pattern));
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

function isProgram({ text, line }: Token): RubyFault {
  return notRun(line, text);
}
