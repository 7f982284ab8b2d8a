import { resolve } from 'node:path';

// no peer fills this: it holds configurations
const files = new WeakMap<object, string>();

/** Remembers for error messages that a configuration and its sections come from this file. */
export function rememberFile(config: object, file: string): void {
  for (const part of [config, ...Object.values(config)])
    if (typeof part === 'object' && part !== null) files.set(part, resolve(file));
}

/** The absolute path of the file that a configuration, or a section of one, was loaded from; undefined for one that was made in a program. */
export function configFileOf(config: object): string | undefined {
  return files.get(config);
}
