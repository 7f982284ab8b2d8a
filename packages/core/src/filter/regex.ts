import type { RE2JS } from 're2js';
import commonJs from '../commonjs.cjs';

/** A compiled regular expression whose cost grows with the length of the text, never faster. */
export interface Regex {
  readonly source: string;
  /** Steps that one character of text may cost. */
  readonly size: number;
  /** Whether some part of `text` matches. */
  test(text: string): boolean;
  /** `text` with the first match, or with each one, replaced by a literal text. */
  replace(text: string, replacement: string, options: { readonly isGlobal: boolean }): string;
  toString(): string;
}

const maxPatternLength = 1024;
const maxSize = 2000;
const maxCached = 16;

// An engine of the RE2 family never backtracks, so that a pattern from the network cannot make a match take
// for ever; it has no look-around and no back-references, and neither has Choria's. Its memory is bounded
// too, at 8 MB a pattern, which is why few are kept.
// bound: compiled regular expressions of filters | callers | {maxCached} | 8 MiB each at worst | the one unused for
// the longest time is removed, and compiled again if it comes again
const cache = new Map<string, Regex>();

/** Compiles `pattern` in RE2's syntax; throws a plain Error whose message says what is wrong with it. */
export function compileRegex(pattern: string, options: { ignoreCase?: boolean } = {}): Regex {
  const key = `${options.ignoreCase ? 'i' : ''}/${pattern}`;
  const known = cache.get(key);
  if (known) {
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  const regex = compile(pattern, options.ignoreCase ?? false);
  cache.set(key, regex);
  for (const oldest of cache.keys()) {
    if (cache.size <= maxCached) break;
    cache.delete(oldest);
  }
  return regex;
}

function compile(pattern: string, ignoreCase: boolean): Regex {
  if (pattern.length > maxPatternLength) {
    throw new Error(
      `the regular expression is ${pattern.length} characters long; the limit is ${maxPatternLength}`,
    );
  }
  // Before the engine writes the repetitions out, which takes time and memory of its own.
  if (repetitions(pattern) > maxSize) throw tooCostly(pattern);
  const engine = parse(pattern, ignoreCase);
  const size = engine.programSize();
  if (size > maxSize) throw tooCostly(pattern);
  return {
    source: pattern,
    size,
    test: (text) => engine.test(text),
    replace: (text, replacement, { isGlobal }) => {
      const matcher = engine.matcher(text);
      return isGlobal ? matcher.replaceAll(() => replacement) : matcher.replaceFirst(() => replacement);
    },
    toString: () => `${ignoreCase ? '(?i)' : ''}${pattern}`,
  };
}

function parse(pattern: string, ignoreCase: boolean): RE2JS {
  const { RE2JS } = commonJs.re2js();
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : '';
    throw new Error(`the regular expression ${shorten(pattern)} is not valid: ${shorten(detail)}`, { cause });
  }
}

function repetitions(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)];
  return counts.reduce((sum, [, least, most]) => sum + Math.max(Number(least), Number(most ?? 0)), 0);
}

function tooCostly(pattern: string): Error {
  return new Error(
    `the regular expression ${shorten(pattern)} is too expensive: use fewer or smaller repetitions`,
  );
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
