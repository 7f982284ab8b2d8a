import { isDeepStrictEqual } from 'node:util';

/** What is wrong with an agent. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws a Broken unless two values are equal. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Broken(`${what}: expected ${JSON.stringify(expected)}, got ${shown(actual)}`);
}

/** Throws a Broken unless the condition holds. */
export function expectThat(holds: boolean, words: string): void {
  if (!holds) throw new Broken(words);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
