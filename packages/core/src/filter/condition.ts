import type { Match } from './pattern.js';
import { compareVersions, isVersion, isVersionLike } from './version.js';

/** The comparisons of a filter; `=` and `=<` and `=>` of the command line become one of these. */
export const operators = ['==', '!=', '=~', '!~', '<', '<=', '>', '>='] as const;
export type Operator = (typeof operators)[number];

/** A comparison with a text; with `=~` and `!~` the text is a regular expression `/…/`. */
export interface Comparison {
  readonly operator: Operator;
  readonly value: string;
}

/** A comparison with a fact, which is named by its path, such as `os.family`. */
export interface FactCondition extends Comparison {
  readonly fact: string;
}

/**
 * Whether `actual`, a fact or an output of a data plugin, compares as asked.
 *
 * What is missing or null never does, with any operator: a mistyped name must not select the whole network.
 * Of an array it is enough that one element does, of a hash that one key does; `!=` and `!~` are the opposite
 * of `==` and `=~`, so there no element may.
 */
export function holds(actual: unknown, { operator, value }: Comparison, match: Match): boolean {
  if (actual === undefined || actual === null) return false;
  if (operator === '!=') return !holds(actual, { operator: '==', value }, match);
  if (operator === '!~') return !holds(actual, { operator: '=~', value }, match);
  return elements(actual).some((element) => compare(element, operator, value, match));
}

function elements(actual: unknown): readonly unknown[] {
  if (Array.isArray(actual)) return actual.flat(3);
  return typeof actual === 'object' && actual !== null ? Object.keys(actual) : [actual];
}

function compare(actual: unknown, operator: Operator, value: string, match: Match): boolean {
  if (typeof actual === 'object') return false;
  if (operator === '=~') return match(value, String(actual));
  if (operator === '==') return equals(actual, value);
  const order = orderOf(actual, value);
  if (order === undefined) return false;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

// Versions are the same only to the letter. So are two texts with a decimal point, which may be versions too:
// the release 7.1 is not 7.10.
function equals(actual: unknown, value: string): boolean {
  const text = String(actual);
  if (text === value) return true;
  if (typeof actual === 'boolean' || !isNumeric(actual) || !isDecimal(value, actual)) return false;
  if (typeof actual === 'string' && text.includes('.') && value.includes('.')) return false;
  return compareNumbers(text, value) === 0;
}

function orderOf(actual: unknown, value: string): number | undefined {
  if (typeof actual === 'boolean') return;
  const text = String(actual);
  const isNumber = isNumeric(actual);
  if (isNumber && isDecimal(value, actual)) return compareNumbers(text, value);
  if ((isVersion(text) && isVersionLike(value)) || (isVersion(value) && isVersionLike(text))) {
    return compareVersions(text, value);
  }
  // A number is neither more nor less than a word.
  if (isNumber || isDecimal(value, actual)) return;
  return text === value ? 0 : text < value ? -1 : 1;
}

function isNumeric(actual: unknown): boolean {
  return typeof actual === 'number' || isDecimal(String(actual), actual);
}

// Exponents only beside a fact that is a number: the text 1e5 may be part of a checksum.
function isDecimal(text: string, actual: unknown): boolean {
  const form = typeof actual === 'number' ? /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i : /^[+-]?\d+(?:\.\d+)?$/;
  return text.length <= 300 && form.test(text);
}

function compareNumbers(a: string, b: string): number {
  const isWhole = /^[+-]?\d+$/;
  if (isWhole.test(a) && isWhole.test(b)) {
    // Beyond 2^53 numbers that differ would be the same.
    const difference = BigInt(a.replace('+', '')) - BigInt(b.replace('+', ''));
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }
  return Math.sign(Number(a) - Number(b));
}
