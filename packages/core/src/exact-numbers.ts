import { parseYaml } from './yaml.js';

/** A reviver with the text that a value was written as, which TypeScript's own declaration of `JSON.parse` lacks. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWith = JSON.parse as (text: string, reviver?: Reviver) => unknown;

/**
 * Parses JSON without changing a number: an integer that a number of JavaScript cannot hold (beyond 2^53) becomes the
 * text of its digits, as does a number too large for it. Filters compare such texts as numbers. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return mayHoldLarge(text) ? parseWith(text, exact) : JSON.parse(text);
}

/** The same for YAML. Throws the errors of the package yaml. */
export function parseExactYaml(text: string, options: Parameters<typeof parseYaml>[1] = {}): unknown {
  if (!mayHoldLarge(text)) return parseYaml(text, options);
  return withoutBigInts(parseYaml(text, { ...options, intAsBigInt: true }), new WeakSet());
}

/** Whether a number of a parsed document may have been written with digits that it does not hold. */
export function isInexact(value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER;
}

/** Whether a text stands for an integer beyond those that JavaScript's numbers hold. */
export function isLargeInteger(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d{16,400}$/.test(value) && isInexact(Number(value));
}

// An integer has 16 digits; what overflows a number is that long, or has an exponent; YAML has hexadecimal and octal.
function mayHoldLarge(text: string): boolean {
  return /[\da-f]{13}|\d[eE]\+?\d{3}/i.test(text);
}

const exact: Reviver = (_, value, { source = '' }) => {
  if (typeof value !== 'number' || !isInexact(value)) return value;
  return /^-?\d+$/.test(source) || !Number.isFinite(value) ? source : value;
};

function withoutBigInts(value: unknown, seen: WeakSet<object>): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return isInexact(number) ? String(value) : number;
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  // An alias refers to the same object again.
  seen.add(value);
  for (const [key, inner] of Object.entries(value)) {
    const plain = withoutBigInts(inner, seen);
    // By definition and not by assignment: __proto__ is a key as any other.
    if (plain !== inner)
      Object.defineProperty(value, key, {
        value: plain,
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
  return value;
}
