import { messageOf } from '../errors.js';
import { nameFault, sourceFault, valueFault } from './bare.js';
import type { Comparison, Operator } from './condition.js';
import { type Expression, isDataName } from './expression.js';
import { compileFilterPattern, patternOf } from './pattern.js';
import { adviceBetween, foreignOperatorAt, type Misspelling } from './spelling.js';
import { syntaxError, type Token, tokenize } from './token.js';

/** The most that a compound filter may hold: characters, operands and operators, parentheses in one another. */
export const bounds = { characters: 4096, nodes: 256, depth: 32 } as const;

/**
 * Reads a compound filter, such as `(apache or /^nginx/) and not os.family=Debian and fstat('/etc/x').size > 0`.
 * `not` binds tighter than `and`, which binds tighter than `or`. Throws FILTER_INVALID, which shows the place.
 */
export function parseExpression(text: string): Expression {
  if (text.length > bounds.characters) {
    throw syntaxError(text, bounds.characters, `the filter is longer than ${bounds.characters} characters`);
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #nodes = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.#list('or');
    const { kind, text } = this.#peek();
    if (kind === ')') throw this.#error('this ) has no matching (');
    if (kind !== 'end') throw this.#error(`expected "and" or "or" before ${text}${this.#advice()}`);
    return expression;
  }

  #list(kind: 'and' | 'or'): Expression {
    const part = () => (kind === 'or' ? this.#list('and') : this.#negation());
    const first = part();
    const of = [first];
    while (this.#peek().kind === kind) {
      this.#take();
      of.push(part());
    }
    return of.length === 1 ? first : this.#count({ kind, of });
  }

  #negation(): Expression {
    if (this.#peek().kind !== 'not') return this.#operand();
    return this.#nested(() => {
      this.#take();
      return this.#count({ kind: 'not', of: this.#negation() });
    });
  }

  #operand(): Expression {
    const token = this.#peek();
    if (token.kind === '(') return this.#group();
    if (token.kind === 'pattern') {
      this.#check(token);
      this.#take();
      return this.#count({ kind: 'class', name: token.text });
    }
    if (token.kind !== 'word' && token.kind !== 'quoted') {
      throw this.#error(
        token.kind === 'end' ? 'unexpected end: expected a class or a fact' : 'expected a class or a fact',
      );
    }
    this.#take();
    const following = this.#peek();
    if (following.kind === 'operator') {
      if (token.text === '') throw this.#error('the name of the fact is missing', token);
      this.#checkWord(token, (text) => nameFault(text, 'fact'));
      return this.#count({ kind: 'fact', fact: token.text, ...this.#comparison() });
    }
    if (token.kind === 'word' && following.kind === '(' && following.start === token.end)
      return this.#data(token);
    if (token.text === '' || token.text.startsWith('/'))
      throw this.#error(
        'this is not a valid class name; a regular expression /…/ ends before a blank or a parenthesis',
        token,
      );
    this.#checkWord(token, (text) => nameFault(text, 'class'));
    return this.#count({ kind: 'class', name: token.text });
  }

  #group(): Expression {
    return this.#nested(() => {
      const opening = this.#take();
      const expression = this.#list('or');
      if (this.#peek().kind === 'end') throw this.#error('this ( is not closed', opening);
      if (this.#peek().kind !== ')') throw this.#error(`expected "and", "or" or ")"${this.#advice()}`);
      this.#take();
      return expression;
    });
  }

  // NAME('QUERY').OUTPUT OPERATOR VALUE
  #data(name: Token): Expression {
    this.#checkWord(name, (text) => nameFault(text, 'fact'));
    if (!isDataName(name.text)) throw this.#error('this is not a valid data plugin name', name);
    this.#take();
    const argument = this.#peek();
    if (argument.kind === 'quoted') this.#take();
    const closing = this.#peek();
    if (closing.kind !== ')') {
      throw this.#error(`expected ${argument.kind === 'quoted' ? '")"' : 'a query in quotes, or ")"'}`);
    }
    this.#take();
    const output = this.#peek();
    const [, outputName] = /^\.(\w+)$/.exec(output.text) ?? [];
    if (outputName === undefined || output.kind !== 'word' || output.start !== closing.end) {
      throw this.#error(
        `expected the name of an output, as in ${name.text}().status=...; a class or a fact stands without a function, such as os.family=Debian`,
      );
    }
    this.#take();
    if (this.#peek().kind !== 'operator') throw this.#error('expected a comparison, such as =1');
    const query = argument.kind === 'quoted' ? { query: argument.text } : {};
    return this.#count({
      kind: 'data',
      name: name.text,
      ...query,
      output: outputName,
      ...this.#comparison(),
    });
  }

  #comparison(): Comparison {
    const { text: operator, start } = this.#take();
    const foreign = foreignOperatorAt(this.#text, start);
    if (foreign) throw this.#misspelt(foreign, start);
    const value = this.#peek();
    if (value.kind === 'end') throw this.#error(`expected a value after "${operator}"`);
    if (value.kind !== 'word' && value.kind !== 'quoted' && value.kind !== 'pattern') {
      throw this.#error(
        `expected a value after "${operator}"; put quotes around a value with special characters`,
      );
    }
    const meant = operatorOf(operator, value.kind === 'pattern');
    if (!meant) throw this.#error(`a regular expression cannot be compared with "${operator}"`);
    const takesPattern = meant === '=~' || meant === '!~';
    this.#checkWord(value, takesPattern ? sourceFault : valueFault);
    const comparison = { operator: meant, value: textOf(meant, value) };
    this.#check({
      ...value,
      kind: takesPattern ? 'pattern' : value.kind,
      text: comparison.value,
    });
    this.#take();
    return comparison;
  }

  #check({ kind, text, ...place }: Token): void {
    if (kind !== 'pattern') return;
    try {
      compileFilterPattern(text);
    } catch (error) {
      throw syntaxError(this.#text, place.start, messageOf(error));
    }
  }

  // What stands in quotes or slashes may hold anything.
  #checkWord({ kind, text, start }: Token, check: (text: string) => Misspelling | undefined): void {
    const fault = kind === 'word' ? check(text) : undefined;
    if (fault) throw this.#misspelt(fault, start);
  }

  #misspelt({ at, found, advice }: Misspelling, start: number): Error {
    return syntaxError(this.#text, start + at, `unexpected ${found}: ${advice}`);
  }

  #advice(): string {
    const { kind, start } = this.#peek();
    return kind === 'word' ? adviceBetween(this.#text, start) : '';
  }

  #nested(parse: () => Expression): Expression {
    this.#depth += 1;
    if (this.#depth > bounds.depth)
      throw this.#error(`the filter is nested more than ${bounds.depth} levels deep`);
    const expression = parse();
    this.#depth -= 1;
    return expression;
  }

  #count(expression: Expression): Expression {
    this.#nodes += 1;
    if (this.#nodes > bounds.nodes) throw this.#error(`the filter has more than ${bounds.nodes} parts`);
    return expression;
  }

  #peek(): Token {
    return (
      this.#tokens[this.#next] ?? { kind: 'end', text: '', start: this.#text.length, end: this.#text.length }
    );
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #error(message: string, { start }: Token = this.#peek()): Error {
    return syntaxError(this.#text, start, message);
  }
}

/** The operator that is meant by what people write, or nothing where a regular expression does not go with it. */
export function operatorOf(written: string, isPattern: boolean): Operator | undefined {
  if (isPattern) {
    if (written === '=' || written === '==' || written === '=~') return '=~';
    return written === '!=' || written === '!~' ? '!~' : undefined;
  }
  if (written === '=') return '==';
  if (written === '=<') return '<=';
  return written === '=>' ? '>=' : (written as Operator);
}

function textOf(operator: Operator, { kind, text }: Token): string {
  return (operator === '=~' || operator === '!~') && kind !== 'pattern' ? patternOf(text) : text;
}
