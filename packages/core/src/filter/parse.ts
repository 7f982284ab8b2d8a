import { TroupeError } from '../errors.js';
import { isIdentity } from '../names.js';
import type { FactCondition } from './condition.js';
import { operatorOf, parseExpression } from './expression-parser.js';
import type { Filter } from './filter.js';
import { compileFilterPattern, patternOf } from './pattern.js';

/** The words of a command line that make up a filter, one list per option. */
export interface FilterWords {
  /** `-F` */
  readonly facts?: readonly string[];
  /** `-C` */
  readonly classes?: readonly string[];
  /** `-A` */
  readonly agents?: readonly string[];
  /** `-I` */
  readonly identities?: readonly string[];
  /** `-W`: facts and classes, separated by blanks */
  readonly with?: readonly string[];
  /** `-S`: compound filters */
  readonly select?: readonly string[];
}

/** The filter that a command line asks for. Throws FILTER_INVALID, which names the word. */
export function parseFilter(words: FilterWords): Filter {
  const mixed = (words.with ?? []).map(parseWith);
  return {
    facts: [...(words.facts ?? []).map(parseFact), ...mixed.flatMap(({ facts }) => facts)],
    classes: [...(words.classes ?? []).map(parseClass), ...mixed.flatMap(({ classes }) => classes)],
    agents: (words.agents ?? []).map(parseAgent),
    identities: (words.identities ?? []).map(parseIdentity),
    compound: (words.select ?? []).map(parseExpression),
  };
}

const factForm = /^([^\s=!<>~]+)\s*(==|=~|=<|=>|!=|!~|<=|>=|=|<|>)\s*(.+)$/s;

/** Reads `FACT OPERATOR VALUE`, such as `os.family=Debian`, `memory.total>=4` or `role=/^web/i`. */
export function parseFact(word: string): FactCondition {
  const [, fact, written, value] = factForm.exec(word.trim()) ?? [];
  if (fact === undefined || written === undefined || value === undefined) {
    throw invalid(`"${word}" is not a fact filter: write FACT=VALUE, with one of = != =~ !~ < <= > >=`);
  }
  const isPattern = /^\/.+\/i?$/s.test(value);
  const operator = operatorOf(written, isPattern);
  if (!operator) throw invalid(`"${word}": a regular expression cannot be compared with ${written}`);
  if (isPattern) return { fact, operator, value: checked(normal(value)) };
  const text = unquoted(value);
  return { fact, operator, value: operator === '=~' || operator === '!~' ? checked(patternOf(text)) : text };
}

/** Reads a class: a name or a regular expression `/…/`. */
export function parseClass(word: string): string {
  return parseName(word, 'class');
}

/** Reads the name of an agent, or a regular expression `/…/`. */
export function parseAgent(word: string): string {
  return parseName(word, 'agent');
}

/** Reads an identity, a regular expression `/…/`, or `group:NAME`, a group of an inventory that a client reads. */
export function parseIdentity(word: string): string {
  const name = parseName(word, 'identity');
  if (name.startsWith('/') || /^group:[\w.-]+$/.test(name)) return name;
  const identity = name.toLowerCase();
  if (!isIdentity(identity)) {
    const names = identity.split(',');
    if (names.length > 1 && names.every(isIdentity))
      throw invalid(
        `"${word}" is a list: repeat the option for each node: ${names.map((one) => `-I ${one}`).join(' ')}`,
      );
    throw invalid(
      `"${word}" is not a valid identity: use a-z, 0-9, ".", "_" and "-", or a regular expression /.../`,
    );
  }
  return identity;
}

/** Reads a mix of facts and classes: a word that is no fact is a class. */
export function parseWith(text: string): Pick<Filter, 'facts' | 'classes'> {
  const words = splitWords(text);
  if (words.length === 0) throw invalid('-W needs a fact or a class');
  const isFact = (word: string) => !word.startsWith('/') && factForm.test(word);
  return {
    facts: words.filter(isFact).map(parseFact),
    classes: words.filter((word) => !isFact(word)).map(parseClass),
  };
}

function parseName(word: string, what: string): string {
  const name = word.trim();
  if (name === '') throw invalid(`the ${what} is empty`);
  if (name.startsWith('/')) return checked(normal(name));
  const strange = /[\s=<>!()'"`]/.exec(name);
  if (strange) throw invalid(`"${word}" is not a valid ${what}: it contains "${strange[0]}"`);
  return name;
}

// People write /a/b/ for /a\/b/.
function normal(pattern: string): string {
  const [, source, flag] = /^\/(.+)\/(i?)$/s.exec(pattern) ?? [];
  return source === undefined ? pattern : `${patternOf(source)}${flag}`;
}

function checked(pattern: string): string {
  compileFilterPattern(pattern);
  return pattern;
}

function unquoted(value: string): string {
  return /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value;
}

// Blanks separate words except within quotes.
function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const quotes = text.replaceAll(/"[^"]*"|'[^']*'/g, '');
  if (/["']/.test(quotes)) throw invalid(`"${text}": a quote is not closed`);
  return words;
}

function invalid(message: string): TroupeError {
  return new TroupeError('FILTER_INVALID', message);
}
