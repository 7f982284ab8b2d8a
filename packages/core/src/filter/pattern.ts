import { messageOf } from '../errors.js';
import { invalid } from './invalid.js';
import { compileRegex, type Regex } from './regex.js';

/** Whether `text` matches `pattern`, which is `/…/` or `/…/i`; anywhere in the text, unless it is anchored. */
export type Match = (pattern: string, text: string) => boolean;

const form = /^\/((?:[^/\\\r\n]|\\.)+)\/(i?)$/;

// Steps of the engine, about a quarter of a second at worst.
const mostSteps = 20_000_000;

/** The regular expression that the text `/…/` of a filter stands for. Throws FILTER_INVALID. */
export function compileFilterPattern(pattern: string): Regex {
  const [, source, flag] = form.exec(pattern) ?? [];
  if (source === undefined) {
    throw invalid(
      `"${pattern.slice(0, 80)}" is not a regular expression: write /…/ or /…/i, with \\/ for a slash`,
    );
  }
  try {
    return compileRegex(source.replaceAll(/\\(.)/g, unescapeSlash), { ignoreCase: flag === 'i' });
  } catch (cause) {
    throw invalid(messageOf(cause), { cause });
  }
}

/** Writes the source of a regular expression as the `/…/` of a filter. */
export function patternOf(source: string): string {
  return `/${source.replaceAll(/\\.|\//gs, (part) => (part === '/' ? '\\/' : part))}/`;
}

/** Reads a regular expression as a user types it: people write /a/b/ for /a\/b/. Throws FILTER_INVALID. */
export function readPattern(text: string): string {
  const [, source, flag = ''] = /^\/(.+)\/(i?)$/s.exec(text) ?? [];
  if (source !== undefined && isTwoPatterns(text)) {
    throw invalid(
      `"${text}" is not one regular expression: write \\/ for a slash within it, or join two of them in a compound filter`,
    );
  }
  const pattern = source === undefined ? text : `${patternOf(source)}${flag}`;
  compileFilterPattern(pattern);
  return pattern;
}

// "/a/ or /b/" is not an expression that contains "/ or /".
function isTwoPatterns(text: string): boolean {
  for (let at = 1; at < text.length - 1; at += text[at] === '\\' ? 2 : 1) {
    if (text[at] === '/' && /^\/i?[^\w.:@%+*?^$\\[({~/]/.test(text.slice(at))) return true;
  }
  return false;
}

/** Makes the matcher of one evaluation, whose regular expressions share a bounded amount of work. */
export function newMatch(): Match {
  const compiled = new Map<string, Regex>();
  let steps = 0;
  return (pattern, text) => {
    const regex = compiled.get(pattern) ?? compileFilterPattern(pattern);
    compiled.set(pattern, regex);
    steps += regex.size * (text.length + 1);
    if (steps > mostSteps) {
      throw invalid(
        `the regular expressions are too expensive for this node, at ${pattern.slice(0, 80)}: use simpler ones`,
      );
    }
    return regex.test(text);
  };
}

function unescapeSlash(pair: string, character: string): string {
  return character === '/' ? '/' : pair;
}
