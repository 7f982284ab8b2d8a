import { invalid } from './invalid.js';
import { quoted, readQuoted } from './quote.js';
import { unquoted } from './words.js';

/**
 * The path of a fact that a text names, as it stands before the operator in `-F`: as it is, or in quotes, inside which
 * everything is part of the name. Throws FILTER_INVALID.
 */
export function readFactPath(text: string): string {
  const trimmed = text.trim();
  const path = unquoted(trimmed, trimmed) ?? trimmed;
  if (path === '') throw invalid(`"${text}" is not the name of a fact: it is empty`);
  return path;
}

/** The paths in a list that is separated by commas; a name with a comma stands in quotes. Throws FILTER_INVALID. */
export function readFactPaths(text: string): readonly string[] {
  const paths: string[] = [];
  let start = 0;
  let position = 0;
  while (position <= text.length) {
    const isStart = text.slice(start, position).trim() === '';
    const character = text[position];
    if (isStart && (character === '"' || character === "'")) {
      position = readQuoted(text, position)?.end ?? text.length;
      continue;
    }
    if (character === ',' || character === undefined) {
      paths.push(readFactPath(text.slice(start, position)));
      start = position + 1;
    }
    position += 1;
  }
  return paths;
}

/** A list of paths as `readFactPaths` reads it. */
export function writeFactPaths(paths: readonly string[]): string {
  return paths.map((path) => (/^\s*["']|,|^\s|\s$/.test(path) ? quoted(path) : path)).join(',');
}
