import { statSync } from 'node:fs';
import { type Logger, messageOf } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';

/** The classes of a file that Puppet writes, one on each line; none where there is no file. What cannot be read keeps the last good ones. */
export class ClassSource {
  readonly #file: string | undefined;
  readonly #log: Logger;
  #stamp = '';
  // no peer fills this: it holds the classes of this host
  #classes: readonly string[] = [];
  #isFailing = false;

  constructor(file: string | undefined, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  read(): readonly string[] {
    if (this.#file === undefined) return [];
    try {
      const status = statSync(this.#file, { throwIfNoEntry: false });
      const stamp = status ? `${status.mtimeMs} ${status.size} ${status.ino}` : '';
      if (stamp !== this.#stamp) this.#classes = stamp === '' ? [] : linesOf(this.#file);
      this.#stamp = stamp;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warn(
          { file: this.#file, reason: messageOf(error) },
          'cannot read the classes: the last known ones stay in use',
        );
      this.#isFailing = true;
    }
    return this.#classes;
  }
}

function linesOf(file: string): string[] {
  return readRegularFileSync(file)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
