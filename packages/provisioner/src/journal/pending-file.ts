import { renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@troupe/core';
import { isErrno, makeFolder, makeFolderSync, replaceFile } from '@troupe/core/durable-file';
import { sealLine, unseal, type Values } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';

/** One entry as it is now; removed if it has no value. */
export interface PendingLine {
  readonly kind: string;
  readonly key: string;
  readonly value?: Values;
}

/** What a file says, and what is wrong with it. */
export interface PendingContent {
  readonly lines: readonly PendingLine[];
  /** Why the file is not as it was written. */
  readonly fault?: string;
  /** Where the damaged file is kept, if it could be renamed. */
  readonly aside?: string;
}

const mostBytes = 256 * 1024 * 1024;

/** A file of sealed lines, the last line of an entry being the one that counts. */
export class PendingFile {
  readonly path: string;
  #sum = 0;
  #lines = 0;
  /** The file must be rewritten before something is added. */
  #isStale = true;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Reads the lines that are as they were written; the file is written again before a line is added. A file that is
   * damaged is renamed. Never throws.
   */
  read(): PendingContent {
    let text: string;
    try {
      text = readRegularFileSync(this.path, { most: mostBytes }).toString('utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return { lines: [] };
      return { lines: [], fault: messageOf(error), ...this.#setAside() };
    }
    const { lines, fault } = linesOf(text);
    return fault === undefined ? { lines } : { lines, fault, ...this.#setAside() };
  }

  /** Whether it has so many lines for these entries that it should be rewritten. */
  isLong(entries: number): boolean {
    return this.#lines > 2 * entries + 1000;
  }

  get isStale(): boolean {
    return this.#isStale;
  }

  /** Adds lines durably. Throws what the file system throws: then the file has to be rewritten. */
  async append(lines: readonly PendingLine[]): Promise<void> {
    const sealed = sealedLines(lines, this.#sum);
    // What a full disk took of a line must not spoil the next one.
    this.#isStale = true;
    const handle = await open(this.path, 'a', 0o600);
    try {
      await handle.appendFile(sealed.text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    this.#written(sealed.sum, this.#lines + lines.length);
  }

  /** Replaces the file by these lines. Throws what the file system throws. */
  async rewrite(lines: readonly PendingLine[]): Promise<void> {
    this.#isStale = true;
    await makeFolder(dirname(this.path), 0o700);
    const header = sealLine({ pending: 1 }, 0);
    const sealed = sealedLines(lines, header.sum);
    await replaceFile(this.path, header.line + sealed.text, { mode: 0o600 });
    this.#written(sealed.sum, lines.length);
  }

  #written(sum: number, lines: number): void {
    this.#sum = sum;
    this.#lines = lines;
    this.#isStale = false;
  }

  // One is kept: the first look at it is what matters, and a disk that damages files must not fill up with them.
  #setAside(): { aside?: string } {
    const aside = `${this.path}.damaged`;
    try {
      makeFolderSync(dirname(this.path), 0o700);
      renameSync(this.path, aside);
      return { aside };
    } catch {
      return {}; // The fault is reported in any case, and what cannot be renamed is replaced.
    }
  }
}

function sealedLines(lines: readonly PendingLine[], before: number): { text: string; sum: number } {
  let sum = before;
  const texts = lines.map((line) => {
    const sealed = sealLine(line, sum);
    sum = sealed.sum;
    return sealed.line;
  });
  return { text: texts.join(''), sum };
}

function linesOf(text: string): { lines: readonly PendingLine[]; fault?: string } {
  const [first = '', ...rest] = text.split('\n');
  const header = unseal(first, 0);
  if (!header.isSound || header.values.pending !== 1)
    return { lines: [], fault: text === '' ? 'it is empty' : 'it does not begin like a journal' };
  const lines: PendingLine[] = [];
  let fault: string | undefined;
  let { sum } = header;
  // The last piece is empty, or was torn by a power cut before anybody relied on it.
  for (const [index, line] of rest.slice(0, -1).entries()) {
    const sealed = unseal(line, sum);
    sum = sealed.sum;
    const found = sealed.isSound ? lineOf(sealed.values) : undefined;
    if (found) lines.push(found);
    else fault ??= `line ${index + 2} does not match its checksum`;
  }
  return fault === undefined ? { lines } : { lines, fault };
}

function lineOf({ kind, key, value }: Values): PendingLine | undefined {
  if (typeof kind !== 'string' || typeof key !== 'string') return undefined;
  if (value === undefined) return { kind, key };
  return typeof value === 'object' && value !== null ? { kind, key, value: value as Values } : undefined;
}
