import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Logger, messageOf } from '@troupe/core';
import { isErrno, isTemporaryOf, removeTemporaries, temporaryOf } from '@troupe/core/durable-file';
import type { DaemonConfig } from '../config.js';
import type { DaemonStatus } from './status.js';

/** Where the daemon of a configuration writes its status. */
export function statusFileOf(config: Pick<DaemonConfig, 'status_file' | 'state_dir'>): string {
  return config.status_file ?? join(config.state_dir, 'status.json');
}

/** Writes how a daemon fares to a file, whole or not at all: at an interval, and when it is told that something happened. */
export class StatusFile {
  readonly #options: { file: string; seconds: number; read: () => DaemonStatus; log: Logger };
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | undefined;
  #isDue = false;
  #isFailing = false;

  constructor(options: { file: string; seconds: number; read: () => DaemonStatus; log: Logger }) {
    this.#options = options;
    this.#removeLeftOver();
    this.#timer = setInterval(() => this.write(), options.seconds * 1000);
    this.#timer.unref();
    this.write();
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

  // A daemon that is killed while it writes leaves its temporary file, each time another one.
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
    const { file, read, log } = this.#options;
    const temporary = temporaryOf(file);
    try {
      await writeFile(temporary, `${JSON.stringify(read(), null, 2)}\n`, { mode: 0o644 });
      await rename(temporary, file);
      this.#isFailing = false;
    } catch (error) {
      // A disk that is full would fill the log as well.
      if (!this.#isFailing) log.warn({ file, reason: messageOf(error) }, 'cannot write the status file');
      this.#isFailing = true;
      await rm(temporary, { force: true }).catch(() => {});
    }
  }
}
