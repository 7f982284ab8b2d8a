import { createHash } from 'node:crypto';
import { constants, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { messageOf, TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { anchorFile, readAnchor } from './audit-anchor.js';

/** What the first line of an audit names as the one before it. */
export const firstHash = '0'.repeat(64);

/** The SHA-256 of a line without its end, hexadecimal. */
export function hashOfLine(line: string | Uint8Array): string {
  return createHash('sha256').update(line).digest('hex');
}

/** Where an audit's chain is broken. */
export interface AuditFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** What became of checking an audit. */
export interface AuditVerdict {
  readonly files: readonly string[];
  readonly lines: number;
  readonly fault?: AuditFault;
  /** False when the oldest files are gone, as `audit.keep` has it: what came before is not proved. */
  readonly isWhole: boolean;
  /** True if an anchor beside the audit proves that its end is not missing. */
  readonly isAnchored?: true;
  /** The hash of the last line: compare it with what the collector of events has. */
  readonly lastHash: string;
}

/** The files of an audit, oldest first: those that were rotated away as FILE.1, FILE.2 …, then FILE. */
export function auditFiles(file: string): string[] {
  const folder = dirname(file);
  const prefix = `${basename(file)}.`;
  const rotated = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d*$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
    .map((number) => `${file}.${number}`);
  const isThere = readdirSync(folder).includes(basename(file));
  return isThere ? [...rotated, file] : rotated;
}

/**
 * Checks that each line of an audit follows from the one before, through all its files, and that the last line is the one
 * that its anchor names. Throws FILE_UNREADABLE.
 */
export async function verifyAudit(file: string): Promise<AuditVerdict> {
  try {
    const files = auditFiles(file);
    if (files.length === 0) throw new Error('ENOENT: no such file or directory');
    // Before the files: a daemon that writes meanwhile adds lines after the one that the anchor names.
    const anchor = attempt(() => readAnchor(file));
    const verdict = await verifyFiles(files, anchor.value);
    return withEnd(verdict, file, anchor);
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `cannot read the audit log ${file}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
}

interface Anchor {
  /** The hash of the last line. */
  readonly value: string | undefined;
  readonly fault?: string;
}

function attempt(read: () => string | undefined): Anchor {
  try {
    return { value: read() };
  } catch (error) {
    return { value: undefined, fault: messageOf(error) };
  }
}

type Chain = AuditVerdict & { readonly hasAnchor: boolean; readonly lastLine: number };

function withEnd({ hasAnchor, lastLine, ...verdict }: Chain, file: string, anchor: Anchor): AuditVerdict {
  if (verdict.fault) return verdict;
  const newest = verdict.files.at(-1) ?? file;
  const broken = (fault: AuditFault): AuditVerdict => ({ ...verdict, fault });
  if (newest !== file)
    return broken({ file, line: 1, reason: 'the newest file of the audit log is missing' });
  if (anchor.fault !== undefined)
    return broken({
      file: anchorFile(file),
      line: 1,
      reason: `the anchor of its end is damaged: ${anchor.fault}`,
    });
  if (anchor.value === undefined) return verdict;
  if (hasAnchor) return { ...verdict, isAnchored: true };
  const reason = 'it is not the last line that was written: it was altered, or lines after it are missing';
  return broken({ file, line: Math.max(1, lastLine), reason });
}

async function verifyFiles(files: readonly string[], anchor: string | undefined): Promise<Chain> {
  let previous: string | undefined;
  let isWhole = true;
  let hasAnchor = anchor === firstHash;
  let lines = 0;
  let number = 0;
  const soFar = () => ({
    files,
    lines,
    isWhole,
    lastHash: previous ?? firstHash,
    hasAnchor,
    lastLine: number,
  });
  for (const file of files) {
    number = 0;
    for await (const line of byteLinesOf(file)) {
      number += 1;
      const named = previousOf(line.toString('utf8'));
      const isFollowing = named !== undefined && (previous === undefined || named === previous);
      if (!isFollowing) {
        const reason =
          named === undefined
            ? 'it is not an audit log entry'
            : 'its hash does not match the previous line: that line was altered, or lines between them are missing';
        return { ...soFar(), fault: { file, line: number, reason } };
      }
      if (previous === undefined) {
        isWhole = named === firstHash;
        hasAnchor ||= named === anchor;
      }
      previous = hashOfLine(line);
      hasAnchor ||= previous === anchor;
      lines += 1;
    }
  }
  return soFar();
}

const longestLine = 16 * 1024 * 1024;

// At byte 0x0A alone, and to the byte: a text would have other bytes where they are not UTF-8.
async function* byteLinesOf(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile() && !status.isDirectory()) throw new Error(`${file} is not a regular file`);
    let rest: Buffer[] = [];
    let length = 0;
    for await (const bytes of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
        yield Buffer.concat([...rest, bytes.subarray(start, end)]);
        rest = [];
        length = 0;
        start = end + 1;
      }
      if (start < bytes.length) rest.push(bytes.subarray(start));
      length += bytes.length - start;
      if (length > longestLine) throw new Error(`${file} has a line of more than ${longestLine} bytes`);
    }
    if (rest.length > 0) yield Buffer.concat(rest);
  } finally {
    await handle.close();
  }
}

/** The number of the first line (from 1) that does not follow from the one before, or nothing when all do. */
export function firstBrokenLine(text: string): number | undefined {
  let previous = firstHash;
  const lines = text.split('\n').filter((line) => line !== '');
  for (const [index, line] of lines.entries()) {
    if (previousOf(line) !== previous) return index + 1;
    previous = hashOfLine(line);
  }
  return undefined;
}

function previousOf(line: string): string | undefined {
  try {
    const { previous } = JSON.parse(line) as { previous?: unknown };
    return typeof previous === 'string' && /^[0-9a-f]{64}$/.test(previous) ? previous : undefined;
  } catch {
    return undefined;
  }
}
