import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { TroupeError } from '../errors.js';

/** What the audit says of a request that was answered, refused or not believed. */
export interface AuditEntry {
  readonly request?: string;
  readonly caller?: string;
  readonly collective?: string;
  readonly agent?: string;
  readonly action?: string;
  /** Secrets replaced. */
  readonly input?: unknown;
  readonly outcome: string;
  readonly statuscode?: number;
  readonly reason?: string;
  readonly seconds?: number;
}

const firstHash = '0'.repeat(64);

/** One JSON line for each request, in the order of their ends; each carries the SHA-256 of the line before. */
export class Audit {
  readonly #fd: number;
  #previous: string;

  /** Goes on with an existing file. Throws FILE_UNREADABLE. */
  constructor(file: string) {
    try {
      this.#previous = existsSync(file) ? lastHash(readFileSync(file, 'utf8')) : firstHash;
      this.#fd = openSync(file, 'a', 0o600);
    } catch (cause) {
      throw new TroupeError(
        'FILE_UNREADABLE',
        `audit.file: cannot write ${file}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  write(entry: AuditEntry, now = Date.now()): void {
    const line = JSON.stringify({ time: new Date(now).toISOString(), ...entry, previous: this.#previous });
    writeSync(this.#fd, `${line}\n`);
    this.#previous = hash(line);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The number of the first line (from 1) that does not follow from the one before, or nothing when all do. */
export function firstBrokenLine(text: string): number | undefined {
  let previous = firstHash;
  const lines = text.split('\n').filter((line) => line !== '');
  for (const [index, line] of lines.entries()) {
    if (previousOf(line) !== previous) return index + 1;
    previous = hash(line);
  }
  return undefined;
}

function previousOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { previous?: unknown }).previous;
  } catch {
    return undefined;
  }
}

function lastHash(text: string): string {
  const last = text.split('\n').findLast((line) => line !== '');
  return last === undefined ? firstHash : hash(last);
}

function hash(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}
