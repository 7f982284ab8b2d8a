import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno, isTemporaryOf, removeTemporaries, temporaryOf } from './durable-file.js';
import { messageOf, systemReasonOf } from './errors.js';
import type { Logger } from './log/logger.js';

/** What a {@link RewrittenFile} is made of. */
export interface RewrittenFileOptions {
  readonly file: string;
  /** For the log: `the status file`. */
  readonly what: string;
  /** Seconds between two writes at the most. */
  readonly seconds: number;
  /** The content now. What it throws is logged, and the file stays as it is. */
  readonly read: () => string;
  readonly log: Logger;
}

/**
 * A file that shows the state of a program to others. It is written whole or not at all: beside the file, then renamed
 * over it, at an interval and on request. A failure is logged once, and it is tried again.
 */
export class RewrittenFile {
  readonly #options: RewrittenFileOptions;
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | undefined;
  #isDue = false;
  #fault: string | undefined;

  constructor(options: RewrittenFileOptions) {
    this.#options = options;
    this.#removeLeftOver();
    this.#timer = setInterval(() => this.write(), options.seconds * 1000);
    this.#timer.unref();
    this.write();
  }

  /** Why it could not be written at the last attempt; undefined if it was. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Writes it soon; what happens while it is written is written next. */
  write(): void {
    this.#isDue = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#isDue) this.write();
    });
  }

  /** Writes it for the last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.write();
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Removes it: for a file that is of no use once its program has ended. */
  async remove(): Promise<void> {
    clearInterval(this.#timer);
    this.#isDue = false;
    while (this.#writing !== undefined) await this.#writing;
    const { file, what, log } = this.#options;
    try {
      if ((await stat(file).catch(() => undefined))?.isFile()) await rm(file, { force: true });
    } catch (error) {
      log.warn({ file, reason: messageOf(error) }, `cannot remove ${what}`);
    }
  }

  // A program that is killed while it writes leaves its temporary file, each time another one.
  #removeLeftOver(): void {
    const { file } = this.#options;
    try {
      removeTemporaries(dirname(file), (name) => isTemporaryOf(file, name));
    } catch (error) {
      // Where its folder cannot be read, the first write says what is wrong with it.
      if (!isErrno(error)) throw error;
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      await this.#writeOnce();
    }
  }

  async #writeOnce(): Promise<void> {
    const { file, what, read, log } = this.#options;
    const temporary = temporaryOf(file);
    try {
      const text = read();
      // A device must not be replaced by a file.
      if ((await stat(file).catch(() => undefined))?.isFile() === false) await writeFile(file, text);
      else {
        await writeFile(temporary, text, { mode: 0o644, flag: 'wx' });
        await rename(temporary, file);
      }
      this.#fault = undefined;
    } catch (error) {
      // A disk that is full would fill the log as well.
      if (this.#fault === undefined)
        log.warn({ file, reason: systemReasonOf(error) }, `cannot write ${what}`);
      this.#fault = `cannot write ${file}: ${systemReasonOf(error)}`;
      await rm(temporary, { force: true }).catch(() => {});
    }
  }
}
