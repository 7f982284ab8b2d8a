import { RubyFault } from './fault.js';

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
  /** Of a text with `#{…}` in it: its pieces, in place of the text; of an expression its tokens. */
  readonly pieces?: readonly (string | readonly Token[])[];
  readonly line: number;
}

const mostExpression = 200;

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', s: ' ', '0': '\0', e: '\x1b' };
const marks = [
  '=>',
  '==',
  '=~',
  '!=',
  '!~',
  '<=',
  '>=',
  '**',
  '+=',
  '<<',
  '&&',
  '||',
  '::',
  ...'(){}[],|.+-*/=<>!?&%;:',
];

/** Cuts the text of a Ruby DDL into tokens. Throws RubyFault. */
export class Scanner {
  readonly #text: string;
  #at = 0;
  #line: number;
  /** How many `#{…}` this text stands in. */
  #nesting = 0;
  /** The ends of texts that begin on the next line. */
  readonly #heredocs: { readonly word: string; readonly indented: boolean }[] = [];

  /** `line` is the number of the first line of the text. */
  constructor(text: string, line = 1) {
    this.#text = text.replaceAll('\r\n', '\n');
    this.#line = line;
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
      ['number', isValue(last) ? unsigned : signed],
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
    const pieces: (string | readonly Token[])[] = [];
    let text = '';
    for (;;) {
      const character = this.#take(line, 'a string');
      if (character === end) return pieces.length === 0 ? { text } : { text: '', pieces: [...pieces, text] };
      if (character === '#' && manner === '"' && this.#text[this.#at] === '{') {
        pieces.push(text, this.#expression(line));
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

  // What stands between the braces of `#{…}`, which may have texts with braces in it.
  #expression(line: number): readonly Token[] {
    const begin = this.#at + 1;
    let depth = 0;
    let quote: string | undefined;
    do {
      const character = this.#take(line, 'a string');
      if (character === '\\') this.#take(line, 'a string');
      else if (quote !== undefined) quote = character === quote ? undefined : quote;
      else if (character === '"' || character === "'") quote = character;
      else if (character === '{') depth += 1;
      else if (character === '}') depth -= 1;
      if (this.#at - begin > mostExpression) throw new RubyFault(line, 'an expression in #{…} is too long');
    } while (depth > 0);
    if (this.#nesting >= 3) throw new RubyFault(line, 'strings with #{…} are nested too deeply');
    const inner = new Scanner(this.#text.slice(begin, this.#at - 1), line);
    inner.#nesting = this.#nesting + 1;
    return [...inner.tokens()];
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

const unsigned = /^(\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)/;
const signed = /^(-?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)/;

// Whether a "-" that follows subtracts.
function isValue(last: Token | undefined): boolean {
  if (last?.kind === 'mark') return ')]}'.includes(last.text);
  return last?.kind === 'number' || last?.kind === 'string';
}

// Whether a "/" or a "%" begins a value here, and does not divide one.
function isOperand(last: Token | undefined): boolean {
  if (last?.kind === 'mark') return !')]}'.includes(last.text);
  if (last?.kind === 'word') return ['if', 'unless', 'elsif', 'when', 'and', 'or', 'not'].includes(last.text);
  return last === undefined || last.kind === 'label' || last.kind === 'newline';
}
