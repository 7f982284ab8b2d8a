import { extname } from 'node:path';
import { type Facts, messageOf, TroupeError } from '@troupe/core';
import {
  nestsDeeper,
  opensTooMuch,
  parseExactJson,
  parseExactYaml,
  withoutByteOrderMark,
  withoutKeyTags,
} from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';

/** Bytes of a file or of what a program prints. */
export const mostFactBytes = 4 * 1024 * 1024;
const mostDepth = 32;

// A key that is a collection is turned into a text again and again: 800 bytes of "? ? ?" take half a minute.
// As Ruby reads it, the last of equal keys counts, and "<<" merges.
const yamlOptions = {
  maxAliasCount: 100,
  prettyErrors: false,
  logLevel: 'error',
  stringKeys: true,
  merge: true,
  uniqueKeys: false,
} as const;
/** Each merge copies all keys of a map. */
const mostMerges = 1000;

/** How files of facts are read, by their ending. */
const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  '.yaml': readYaml,
  '.yml': readYaml,
  '.json': parseExactJson,
  '.txt': (text) =>
    Object.fromEntries(
      text
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
    ),
};

function readYaml(text: string): unknown {
  if (text.includes('<<') && (text.match(/\*[^\s,\]}]/g)?.length ?? 0) > mostMerges)
    throw new Error(`it has "<<" and more than ${mostMerges} aliases`);
  try {
    return parseExactYaml(text, yamlOptions);
  } catch (error) {
    // One key with a tag of Ruby must not cost the whole file.
    if (!messageOf(error).includes('all keys must be strings')) throw error;
    return parseExactYaml(withoutKeyTags(text), yamlOptions);
  }
}

/** Whether a file of this name is one of facts. */
export function isFactFile(name: string): boolean {
  return extname(name) in parsers;
}

/** The facts of a file. Throws FILE_UNREADABLE, or what the file system throws. */
export function readFacts(file: string, size: number): Facts {
  if (size > mostFactBytes) throw unusable(file, `its ${size} bytes exceed the limit of ${mostFactBytes}`);
  return parseFactText(readRegularFileSync(file, { most: mostFactBytes }).toString('utf8'), file);
}

/** The facts of a text that came from `file`, whose ending says how to read it. Throws FILE_UNREADABLE. */
export function parseFactText(text: string, file: string): Facts {
  const bare = withoutByteOrderMark(text);
  if (opensTooMuch(bare)) throw unusable(file, 'it is nested too deeply');
  let facts: unknown;
  try {
    facts = parsers[extname(file)]?.(bare) ?? {};
  } catch (cause) {
    if (cause instanceof RangeError) throw unusable(file, 'it is nested too deeply');
    throw unusable(file, messageOf(cause).split('\n', 1)[0] ?? '', cause);
  }
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts))
    throw unusable(file, 'it is not a map of names and values');
  if (nestsDeeper(facts, mostDepth)) throw unusable(file, `it is nested deeper than ${mostDepth} levels`);
  return facts as Facts;
}

function unusable(file: string, reason: string, cause?: unknown): TroupeError {
  return new TroupeError('FILE_UNREADABLE', `${file}: ${reason}`, { cause });
}
