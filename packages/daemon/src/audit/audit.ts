import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, messageOf, silentLogger, TroupeError } from '@troupe/core';
import { isErrno, makeFolderSync, naming, setAsideSync } from '@troupe/core/durable-file';
import { reasonOf, systemReasonOf } from '@troupe/core/internal';
import { DamagedError } from '../sealed-file.js';
import { anchorFile, readAnchor, writeAnchor } from './audit-anchor.js';
import { auditFiles, firstHash, hashOfLine } from './audit-chain.js';

export { firstBrokenLine } from './audit-chain.js';

/** The audit entry of a request that was answered or refused, or of a message that was not authenticated. */
export interface AuditEntry {
  readonly request?: string;
  readonly caller?: string;
  readonly collective?: string;
  readonly agent?: string;
  readonly action?: string;
  /** W3C Trace Context of the caller. */
  readonly traceparent?: string;
  /** Secrets replaced. */
  readonly input?: unknown;
  readonly filter?: unknown;
  readonly outcome: string;
  readonly statuscode?: number;
  readonly reason?: string;
  /** Which line of which policy decided. */
  readonly policy?: string;
  readonly seconds?: number;
}

export interface AuditOptions {
  /** Bytes after which a new file begins; the old one becomes FILE.1, FILE.2 … */
  readonly maxBytes?: number;
  /** How many such files are kept; 0 keeps all. */
  readonly keep?: number;
  readonly log?: Logger;
  /** Whether the hash of the last line is kept beside the file, so that a missing end is noticed. */
  readonly isAnchored?: boolean;
  /** Called with each line that was written. */
  readonly onLine?: (line: string) => void;
}

const mostPartBytes = 32 * 1024;
const tailBytes = 4 * 1024 * 1024;

/** One JSON line for each request, in the order of their ends; each carries the SHA-256 of the line before. */
// bound: the audit log | callers, by their requests | by bytes | [bytes audit.max_bytes] for each file; `audit.keep`
// files | without `audit.keep`, none is removed: watch the disk; if it is full, `audit.on_failure` decides
export class Audit {
  readonly #file: string;
  readonly #options: AuditOptions;
  readonly #log: Logger;
  #open: { fd: number; size: number; previous: string } | undefined;
  #lost: { entries: number; since: number; reason: string } | undefined;

  /**
   * Continues an existing file, or creates it and its folder. Where that is not possible now, it is tried again for each entry, and
   * entries are lost until then.
   */
  constructor(file: string, options: AuditOptions = {}) {
    this.#file = file;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    try {
      this.#begin();
    } catch (error) {
      if (!isErrno(error)) throw error;
      this.#lost = { entries: 0, since: Date.now(), reason: messageOf(error) };
      this.#log.error(
        { file, reason: systemReasonOf(error) },
        'CANNOT WRITE THE AUDIT LOG: entries are missing from it until it can be written',
      );
    }
  }

  /** Why it cannot be written now; nothing if it can. */
  get fault(): string | undefined {
    return this.#lost && `cannot write ${this.#file}: ${this.#lost.reason}`;
  }

  #begin(): { fd: number; size: number; previous: string } {
    makeFolderSync(dirname(this.#file), 0o700);
    const fd = openSync(this.#file, 'a+', 0o600);
    try {
      const tail = tailOf(fd);
      if (tail.torn > 0) ftruncateSync(fd, tail.size);
      this.#open = { fd, size: tail.size, previous: lastHashOf(this.#file, tail) };
      if (this.#options.isAnchored) this.#checkEnd(tail, this.#open);
      if (tail.torn > 0)
        this.write({ outcome: 'recovered', reason: `removed ${tail.torn} bytes of an incomplete line` });
      return this.#open;
    } catch (error) {
      this.#open = undefined;
      closeSync(fd);
      throw error;
    }
  }

  // The chain continues from the line that is missing, so that this place never passes as whole.
  #checkEnd(tail: Tail, open: { previous: string }): void {
    const anchor = this.#anchor();
    if (anchor === open.previous) return;
    if (anchor === undefined) {
      if (open.previous === firstHash) return;
      const reason = `${anchorFile(this.#file)} was missing or damaged: lines that were missing before this one would not be noticed`;
      this.write({ outcome: 'recovered', reason });
    } else if (!tail.hashes().includes(anchor)) {
      const reason = `the audit ended with the line of hash ${anchor}, which was altered or is missing (a power cut loses lines, too)`;
      this.#log.error({ file: this.#file, reason }, 'THE END OF THE AUDIT WAS ALTERED OR IS MISSING');
      open.previous = anchor;
      this.write({ outcome: 'damaged', reason });
    }
  }

  #anchor(): string | undefined {
    try {
      return readAnchor(this.#file);
    } catch (error) {
      this.#log.error(
        { file: anchorFile(this.#file), reason: messageOf(error) },
        'the anchor of the audit cannot be used',
      );
      // What is no file, such as a folder, would be in the way of the next one.
      if (!(error instanceof DamagedError)) this.#moveAnchorAside();
      return undefined;
    }
  }

  #moveAnchorAside(): void {
    try {
      setAsideSync(anchorFile(this.#file));
    } catch (error) {
      if (!isErrno(error)) throw error;
    }
  }

  /** Writes an entry. What cannot be written is logged and counted, and the next line that can says so. */
  write(entry: AuditEntry, now = Date.now()): void {
    try {
      this.mustWrite(entry, now);
    } catch (error) {
      this.#lost ??= { entries: 0, since: now, reason: messageOf(error) };
      this.#lost.entries += 1;
      this.#log.error(
        { entry, ...reasonOf(error) },
        'CANNOT WRITE THE AUDIT LOG: this entry is missing from it',
      );
    }
  }

  /** Writes an entry. Throws AUDIT_FAILED. */
  mustWrite(entry: AuditEntry, now = Date.now()): void {
    try {
      if (this.#lost) {
        const { entries, since, reason } = this.#lost;
        const gap = `${entries} entries since ${new Date(since).toISOString()} could not be written: ${reason}`;
        if (entries > 0) this.#append({ outcome: 'gap', reason: gap }, now);
        else this.#open ??= this.#begin();
        this.#lost = undefined;
      }
      this.#append(entry, now);
    } catch (cause) {
      throw new TroupeError('AUDIT_FAILED', `cannot write ${this.#file}: ${systemReasonOf(cause)}`, {
        cause: naming(this.#file, cause),
      });
    }
  }

  close(): void {
    if (this.#open) closeSync(this.#open.fd);
  }

  #append(entry: AuditEntry, now: number): void {
    const open = this.#open ?? this.#begin();
    this.#follow(open);
    const line = JSON.stringify({
      time: new Date(now).toISOString(),
      ...bounded(entry),
      previous: open.previous,
    });
    const bytes = Buffer.from(`${line}\n`);
    if (open.size > 0 && open.size + bytes.length > (this.#options.maxBytes ?? Number.POSITIVE_INFINITY))
      this.#rotate(open);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(open.fd, bytes, done);
    } catch (error) {
      // A disk that is full takes the half of a line; the next one must not follow it.
      this.#cutTo(open);
      throw error;
    }
    open.size += bytes.length;
    open.previous = hashOfLine(line);
    if (this.#options.isAnchored) this.#moveAnchor(open.previous);
    this.#options.onLine?.(line);
  }

  // The line is written: without its anchor it only looks like the last one before a crash.
  #moveAnchor(hash: string): void {
    try {
      writeAnchor(this.#file, hash);
    } catch (error) {
      this.#log.error(
        { file: anchorFile(this.#file), reason: messageOf(error) },
        'the anchor of the audit cannot be written',
      );
    }
  }

  #cutTo({ fd, size }: { readonly fd: number; readonly size: number }): void {
    try {
      ftruncateSync(fd, size);
    } catch (error) {
      this.#log.error({ reason: messageOf(error) }, 'cannot remove an incomplete line from the audit log');
    }
  }

  // Somebody else may have moved the file away: a new one goes on with the chain.
  #follow(open: { fd: number; size: number }): void {
    const there = statSync(this.#file, { throwIfNoEntry: false });
    if (there?.ino === fstatSync(open.fd).ino) return;
    this.#reopen(open);
  }

  #rotate(open: { fd: number; size: number }): void {
    const rotated = auditFiles(this.#file).filter((file) => file !== this.#file);
    const last = Number(rotated.at(-1)?.slice(this.#file.length + 1) ?? 0);
    renameSync(this.#file, `${this.#file}.${last + 1}`);
    this.#reopen(open);
    const { keep = 0 } = this.#options;
    const tooMany = keep === 0 ? 0 : rotated.length + 1 - keep;
    for (const file of rotated.slice(0, Math.max(0, tooMany))) rmSync(file, { force: true });
  }

  #reopen(open: { fd: number; size: number }): void {
    makeFolderSync(dirname(this.#file), 0o700);
    const fd = openSync(this.#file, 'a+', 0o600);
    closeSync(open.fd);
    open.fd = fd;
    open.size = fstatSync(fd).size;
  }
}

function bounded(entry: AuditEntry): AuditEntry {
  const input = boundedPart(entry.input);
  const filter = boundedPart(entry.filter);
  return { ...entry, ...(input === undefined ? {} : { input }), ...(filter === undefined ? {} : { filter }) };
}

function boundedPart(part: unknown): unknown {
  const size = part === undefined ? 0 : Buffer.byteLength(JSON.stringify(part));
  return size <= mostPartBytes ? part : `(${size} bytes omitted)`;
}

function lastHashOf(file: string, { last }: Tail): string {
  return last === undefined ? hashBefore(file) : hashOfLine(last);
}

function hashBefore(file: string): string {
  const rotated = auditFiles(file).filter((other) => other !== file);
  const newest = rotated.at(-1);
  if (newest === undefined) return firstHash;
  const fd = openSync(newest, 'r');
  try {
    const { last } = tailOf(fd);
    return last === undefined ? firstHash : hashOfLine(last);
  } finally {
    closeSync(fd);
  }
}

interface Tail {
  /** The last whole line. */
  readonly last: Buffer | undefined;
  /** Where it ends. */
  readonly size: number;
  /** Bytes of an unfinished one that follow. */
  readonly torn: number;
  /** The hashes of the last lines, and the one that the first of them names. */
  readonly hashes: () => readonly string[];
}

function tailOf(fd: number): Tail {
  const { size } = fstatSync(fd);
  const length = Math.min(size, tailBytes);
  const buffer = Buffer.alloc(length);
  readSync(fd, buffer, 0, length, size - length);
  const end = buffer.lastIndexOf(0x0a);
  const whole = buffer.subarray(0, Math.max(0, end));
  const start = whole.lastIndexOf(0x0a) + 1;
  const last = end < 0 ? undefined : whole.subarray(start);
  const torn = length - end - 1;
  return { last, size: size - torn, torn, hashes: () => hashesIn(whole) };
}

function hashesIn(whole: Buffer): string[] {
  const hashes: string[] = [];
  for (let start = 0; start < whole.length; ) {
    const newline = whole.indexOf(0x0a, start);
    const line = whole.subarray(start, newline < 0 ? whole.length : newline);
    const [, named] = /"previous":"([\da-f]{64})"\}$/.exec(line.toString('latin1')) ?? [];
    if (hashes.length === 0 && named !== undefined) hashes.push(named);
    hashes.push(hashOfLine(line));
    start += line.length + 1;
  }
  return hashes;
}
