import { readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Logger, messageOf } from '@troupe/core';
import { absent, makeFolder, replaceFile, syncFolder } from '@troupe/core/durable-file';
import { readRegularFile } from '@troupe/core/regular-file';
import { decode, encode, keyOf, type SpoolRecord } from './record.js';

const SUFFIX = '.message';
const DAMAGED = 'damaged';

/** The spool on disk: a file for each message. What it has confirmed survives kill -9 and a power cut. */
export class SpoolFolder {
  readonly #path: string;
  readonly #log: Logger;
  readonly #replace: typeof replaceFile;
  #damaged = 0;

  private constructor(path: string, log: Logger, replace: typeof replaceFile) {
    this.#path = path;
    this.#log = log;
    this.#replace = replace;
  }

  static async open(path: string, log: Logger, replace = replaceFile): Promise<SpoolFolder> {
    await makeFolder(path, 0o700);
    await syncFolder(dirname(path));
    return new SpoolFolder(path, log, replace);
  }

  /** Number of files that could not be read; they are kept in the folder `damaged`. */
  get damaged(): number {
    return this.#damaged;
  }

  /** All records. A damaged file is moved to `damaged` and logged; an incomplete temporary file is removed. */
  async load(): Promise<readonly SpoolRecord[]> {
    const records: SpoolRecord[] = [];
    for (const name of (await readdir(this.#path)).sort()) {
      if (name.endsWith('.tmp')) await unlink(join(this.#path, name));
      else if (name.endsWith(SUFFIX)) records.push(...(await this.#read(name)));
    }
    const damaged = await readdir(join(this.#path, DAMAGED)).catch(absent);
    this.#damaged = damaged?.length ?? 0;
    return records;
  }

  /** Replaces the record with the same key, if there is one. Rejects if the disk is full; the old one then stays. */
  async write(record: SpoolRecord): Promise<void> {
    await this.#replace(this.#fileOf(record), encode(record), { mode: 0o600 });
  }

  async remove(record: Pick<SpoolRecord, 'notification'>): Promise<void> {
    await unlink(this.#fileOf(record)).catch(absent);
    await syncFolder(this.#path);
  }

  #fileOf({ notification }: Pick<SpoolRecord, 'notification'>): string {
    return join(this.#path, `${keyOf(notification)}${SUFFIX}`);
  }

  async #read(name: string): Promise<readonly SpoolRecord[]> {
    const file = join(this.#path, name);
    try {
      const record = decode((await readRegularFile(file)).toString('utf8'));
      if (file !== this.#fileOf(record)) throw new Error('its file name belongs to another message');
      return [record];
    } catch (error) {
      const folder = join(this.#path, DAMAGED);
      const aside = join(folder, `${name}.${Date.now()}`);
      await makeFolder(folder, 0o700);
      await rename(file, aside);
      await syncFolder(folder);
      await syncFolder(this.#path);
      this.#log.error(
        { file: aside, reason: messageOf(error) },
        'damaged spool file moved to the folder damaged: its message will not be delivered',
      );
      return [];
    }
  }
}
