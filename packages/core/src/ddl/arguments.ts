import { messageOf, TroupeError } from '../errors.js';
import { parseExactJson } from '../exact-numbers.js';
import type { InputDdl } from './ddl.js';
import { isHash } from './value.js';

const words = new Map<string, boolean>([
  ...['true', 't', 'yes', 'y', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', '0'].map((word) => [word, false] as const),
]);

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The value that the text after `name=` on a command line stands for. Throws INPUT_INVALID. */
export function valueOfText(name: string, text: string, { type, secret }: InputDdl): unknown {
  const fail = (reason: string): never => {
    throw new TroupeError('INPUT_INVALID', `Cannot validate input ${name}: ${reason}`);
  };
  switch (type) {
    case 'boolean':
      return words.get(text.toLowerCase()) ?? fail('must be true or false (or t, yes, y, 1, f, no, n, 0)');
    case 'integer':
    case 'float':
    case 'number':
      return numberOf(text, type === 'integer', fail);
    case 'array':
    case 'Array':
    case 'hash':
    case 'Hash':
      return jsonOf(text, type.toLowerCase() === 'array', (reason) => fail(secret ? 'must be JSON' : reason));
    default:
      return text;
  }
}

function numberOf(text: string, whole: boolean, fail: (reason: string) => never): number {
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) return fail(`must be ${whole ? 'an integer' : 'a number'}`);
  if (!whole) return value;
  if (!Number.isInteger(value)) return fail('must be an integer');
  return Number.isSafeInteger(value) ? value : fail('is too large for an exact integer');
}

function jsonOf(text: string, array: boolean, fail: (reason: string) => never): unknown {
  const example = array ? 'a JSON array, such as ["a", "b"]' : 'a JSON object, such as {"a": 1}';
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (error) {
    return fail(`must be ${example}: ${messageOf(error)}`);
  }
  return (array ? Array.isArray(value) : isHash(value)) ? value : fail(`must be ${example}`);
}
