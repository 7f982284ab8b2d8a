import { messageOf, TroupeError } from '../errors.js';
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
    throw new TroupeError(
      'FILTER_INVALID',
      `"${pattern.slice(0, 80)}" is not a regular expression: write /…/ or /…/i, with \\/ for a slash`,
    );
  }
  try {
    return compileRegex(source.replaceAll(/\\(.)/g, unescapeSlash), { ignoreCase: flag === 'i' });
  } catch (cause) {
    throw new TroupeError('FILTER_INVALID', messageOf(cause), { cause });
  }
}

/** Writes the source of a regular expression as the `/…/` of a filter. */
export function patternOf(source: string): string {
  return `/${source.replaceAll(/\\.|\//gs, (part) => (part === '/' ? '\\/' : part))}/`;
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
      throw new TroupeError(
        'FILTER_INVALID',
        `the regular expressions are too expensive for this node, at ${pattern.slice(0, 80)}: use simpler ones`,
      );
    }
    return regex.test(text);
  };
}

function unescapeSlash(pair: string, character: string): string {
  return character === '/' ? '/' : pair;
}
