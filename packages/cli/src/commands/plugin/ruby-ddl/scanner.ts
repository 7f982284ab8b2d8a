import { RubyFault } from './fault.js';
import { type Variable, variableOf } from './variable.js';

/** A piece of Ruby text. */
export interface Token {
  readonly kind:
    | 'word'
    | 'label'
    | 'symbol'
    | 'string'
    | 'words'
    | 'regex'
    | 'number'
    | 'mark'
    | 'newline'
    | 'end';
  /** What it says: the word, the text of a string, the source of a regular expression, the mark. */
  readonly text: string;
  /** Of a regular expression. */
  readonly flags?: string;
  /** Of a text with `#{…}` in it: its pieces, in place of the text. */
  readonly pieces?: readonly (string | Variable)[];
  readonly line: number;
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', s: ' ', '0': '\0', e: '\x1b' };
const marks = ['=>', '==', '+=', '<<', '&&', '||', '::', ...'(){}[],|.+-*/=<>!?&%;:'];

/** Cuts the text of a Ruby DDL into tokens. Throws RubyFault. */
export class Scanner {
  readonly #text: string;
  #at = 0;
  #line = 1;
  /** The ends of texts that begin on the next line. */
  readonly #heredocs: { readonly word: string; readonly indented: boolean }[] = [];

  constructor(text: string) {
    this.#text = text.replaceAll('\r\n', '\n');
  }

  *tokens(): Generator<Token> {
    let last: Token | undefined;
    for (;;) {
      const token: Token = this.#next(last);
      yield token;
      if (token.kind === 'end') return;
      last = token;
    }
  }

  #next(last: Token | undefined): Token {
    this.#skip();
    const line = this.#line;
    const rest = this.#text.slice(this.#at, this.#at + 256);
    if (rest === '' || /^__END__(\n|$)/.test(rest)) return { kind: 'end', text: 'end of file', line };
    if (rest.startsWith('\n')) return this.#newline();
    const heredoc = /^<<([-~]?)(['"]?)([A-Z][A-Za-z0-9_]*)\2/.exec(rest);
    if (heredoc) {
      this.#at += heredoc[0].length;
      this.#heredocs.push({ word: heredoc[3] ?? '', indented: heredoc[1] !== '' });
      return { kind: 'string', text: '', line };
    }
    const percent = /^%([qQrwWi]?)([([{<|!/])/.exec(rest);
    if (percent && isOperand(last)) return this.#percent(percent[1] ?? '', percent[2] ?? '', line);
    const quote = /^:?(["'])/.exec(rest);
    if (quote) {
      const [opening, mark = ''] = quote;
      this.#at += opening.length;
      return { kind: opening.length > 1 ? 'symbol' : 'string', ...this.#quoted(mark, mark, line), line };
    }
    if (rest.startsWith('/') && isOperand(last)) {
      this.#at += 1;
      return this.#regex('/', '/', line);
    }
    const simple: [Token['kind'], RegExp][] = [
      ['symbol', /^:([A-Za-z_]\w*[?!]?)/],
      ['label', /^([A-Za-z_]\w*):(?!:)/],
      ['number', /^(-?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)/],
      ['word', /^([A-Za-z_]\w*[?!]?)/],
    ];
    for (const [kind, pattern] of simple) {
      const found = pattern.exec(rest);
      if (!found) continue;
      this.#at += found[0].length;
      return { kind, text: found[1] ?? '', line };
    }
    const mark = marks.find((known) => rest.startsWith(known));
    if (mark === undefined) throw new RubyFault(line, `unexpected character ${JSON.stringify(rest[0])}`);
    this.#at += mark.length;
    return { kind: 'mark', text: mark, line };
  }

  // Blanks, comments, and line breaks behind a backslash.
  #skip(): void {
    for (;;) {
      const rest = this.#text.slice(this.#at);
      const blank = /^(?:[ \t\f]+|#[^\n]*)/.exec(rest)?.[0];
      const block = this.#isLineStart() ? /^=begin\b[\s\S]*?\n=end[^\n]*/.exec(rest)?.[0] : undefined;
      const skipped = blank ?? block ?? /^\\\n/.exec(rest)?.[0];
      if (skipped === undefined) return;
      this.#advance(skipped.length);
    }
  }

  #isLineStart(): boolean {
    return this.#at === 0 || this.#text[this.#at - 1] === '\n';
  }

  #newline(): Token {
    const line = this.#line;
    this.#advance(1);
    // Only the usage of a DDL is a heredoc, and it is not needed: it is skipped.
    for (const { word, indented } of this.#heredocs.splice(0)) {
      const end = new RegExp(`^${indented ? '[ \\t]*' : ''}${word}$`, 'm').exec(this.#text.slice(this.#at));
      if (!end) throw new RubyFault(line, `the heredoc <<${word} is not terminated`);
      this.#advance(end.index + end[0].length);
    }
    return { kind: 'newline', text: 'end of line', line };
  }

  #percent(kind: string, open: string, line: number): Token {
    this.#at += kind.length + 2;
    const close = closing[open] ?? open;
    if (kind === 'r') return this.#regex(open, close, line);
    if (kind === 'w') return { kind: 'words', ...this.#quoted(close, "'", line), line };
    if (kind !== '' && kind !== 'q' && kind !== 'Q')
      throw new RubyFault(line, `%${kind} lists are not supported: write the list in brackets`);
    return { kind: 'string', ...this.#quoted(close, kind === 'q' ? "'" : '"', line), line };
  }

  #quoted(end: string, manner: string, line: number): Pick<Token, 'text' | 'pieces'> {
    const pieces: (string | Variable)[] = [];
    let text = '';
    for (;;) {
      const character = this.#take(line, 'a string');
      if (character === end) return pieces.length === 0 ? { text } : { text: '', pieces: [...pieces, text] };
      if (character === '#' && manner === '"' && this.#text[this.#at] === '{') {
        pieces.push(text, this.#variable(line));
        text = '';
      } else if (character !== '\\') text += character;
      else {
        const next = this.#take(line, 'a string');
        if (manner === "'") text += next === end || next === '\\' ? next : `\\${next}`;
        else if (next === 'u' || next === 'x') text += this.#codePoint(next, line);
        else text += escapes[next] ?? next;
      }
    }
  }

  #variable(line: number): Variable {
    const [all = '', inside = ''] =
      /^\{([^{}"\n]{1,80})\}/.exec(this.#text.slice(this.#at, this.#at + 100)) ?? [];
    const variable = variableOf(inside);
    if (!variable)
      throw new RubyFault(
        line,
        'a string with #{…} is Ruby code, which is not executed: write the string without it',
      );
    this.#advance(all.length);
    return variable;
  }

  #codePoint(kind: string, line: number): string {
    const pattern = kind === 'u' ? /^(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{4}))/ : /^(?:([0-9a-fA-F]{1,2}))/;
    const found = pattern.exec(this.#text.slice(this.#at, this.#at + 10));
    if (!found) throw new RubyFault(line, `\\${kind} is not followed by digits`);
    this.#at += found[0].length;
    return String.fromCodePoint(Number.parseInt(found[1] ?? found[2] ?? '', 16));
  }

  #regex(open: string, close: string, line: number): Token {
    let text = '';
    let depth = 0;
    for (;;) {
      const character = this.#take(line, 'a regular expression');
      if (character === close && depth === 0) break;
      if (character === '#' && this.#text[this.#at] === '{')
        throw new RubyFault(
          line,
          'a regular expression with #{…} is Ruby code, which is not executed: write it without it',
        );
      if (open !== close && character === open) depth += 1;
      if (open !== close && character === close) depth -= 1;
      if (character === '\\') {
        const next = this.#take(line, 'a regular expression');
        text += next === '/' ? next : `\\${next}`;
      } else text += character;
    }
    const flags = /^[a-z]*/.exec(this.#text.slice(this.#at, this.#at + 8))?.[0] ?? '';
    this.#at += flags.length;
    return { kind: 'regex', text, flags, line };
  }

  #take(line: number, what: string): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new RubyFault(line, `${what} is not terminated`);
    this.#advance(1);
    return character;
  }

  #advance(count: number): void {
    for (const character of this.#text.slice(this.#at, this.#at + count))
      if (character === '\n') this.#line += 1;
    this.#at += count;
  }
}

// Whether a "/" or a "%" begins a value here, and does not divide one.
function isOperand(last: Token | undefined): boolean {
  if (last?.kind === 'mark') return !')]}'.includes(last.text);
  return last === undefined || last.kind === 'label' || last.kind === 'newline';
}
