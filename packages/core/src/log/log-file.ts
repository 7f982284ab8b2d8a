import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolderSync } from '../durable-file.js';
import { systemReasonOf } from '../errors.js';

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

/** Bytes that are kept while the file cannot be written; lines beyond are only on standard error. */
const mostKept = 1024 * 1024;
/** Milliseconds between two attempts to open the file, and between two looks whether it was moved away. */
const lookEvery = 1000;

/** With these a program opens its log file again, as after a rotation: SIGWINCH as in MCollective. */
export const reopenSignals = ['SIGUSR2', 'SIGWINCH'] as const;

/**
 * A log file that never ends or stops its program: while it cannot be opened or written, as on a full disk, its lines go to
 * standard error, and the first of them also into the file as soon as it can be written again. If the file was moved away, as by
 * a rotation, a new one is made at most a second later.
 */
export class LogFile {
  readonly #mode: number;
  readonly #now: () => number;
  #file: string;
  #fd: number | undefined;
  #fault: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  // bound: log lines while the log file cannot be written | anybody who causes lines | by bytes | {bytes mostKept} | the
  // others are only on standard error
  #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(
    file: string,
    {
      mode = 0o666,
      now = () => performance.now(),
    }: { readonly mode?: number; readonly now?: () => number } = {},
  ) {
    this.#file = file;
    this.#mode = mode;
    this.#now = now;
    this.#flush();
  }

  /** Why lines go to standard error now; nothing while the file can be written. */
  get fault(): string | undefined {
    // A program that has nothing to log must not wait for its next line.
    if (this.#fault !== undefined) this.#flush();
    return this.#fault;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#keptBytes + bytes.length <= mostKept) {
      this.#kept.push(bytes);
      this.#keptBytes += bytes.length;
    }
    this.#flush();
    if (this.#fault !== undefined) toStandardError(line);
  }

  /** Closes the file and writes to this one from now on, the same or another. Throws the system's error, and then keeps the old one. */
  reopen(file: string): void {
    this.#take(opened(file, this.#mode));
    this.#file = file;
    this.#flush();
  }

  #take(fd: number): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = fd;
  }

  #flush(): void {
    try {
      const fd = this.#open();
      if (fd === undefined) return;
      for (let next = this.#kept[0]; next; next = this.#kept[0]) {
        const written = writeSync(fd, next);
        this.#keptBytes -= written;
        // A disk that is full takes a part of a line; the rest must follow it.
        if (written < next.length) this.#kept[0] = next.subarray(written);
        else this.#kept.shift();
      }
      if (this.#fault !== undefined) toStandardError(`the log file ${this.#file} can be written again\n`);
      this.#fault = undefined;
    } catch (error) {
      const fault = `cannot write ${this.#file}: ${systemReasonOf(error)}`;
      if (this.#fault !== fault) toStandardError(`${fault}: the log goes to standard error\n`);
      this.#fault = fault;
    }
  }

  #open(): number | undefined {
    const now = this.#now();
    if (now - this.#lookedAt < lookEvery) return this.#fd;
    this.#lookedAt = now;
    if (this.#fd === undefined || isMoved(this.#file, this.#fd)) this.#take(opened(this.#file, this.#mode));
    return this.#fd;
  }
}

function isMoved(file: string, fd: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return there?.ino !== open.ino || there.dev !== open.dev;
}

function opened(file: string, mode: number): number {
  makeFolderSync(dirname(file));
  // A FIFO that nobody reads must not stop the program.
  return openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, mode);
}

function toStandardError(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // There is no place left to say it.
  }
}
