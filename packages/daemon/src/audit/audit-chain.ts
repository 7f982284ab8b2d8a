import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { linesOf, messageOf, TroupeError } from '@troupe/core';

/** What the first line of an audit names as the one before it. */
export const firstHash = '0'.repeat(64);

/** The SHA-256 of a line without its end, hexadecimal. */
export function hashOfLine(line: string): string {
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

/** Checks that each line of an audit follows from the one before, through all its files. Throws FILE_UNREADABLE. */
export async function verifyAudit(file: string): Promise<AuditVerdict> {
  try {
    const files = auditFiles(file);
    if (files.length === 0) throw new Error('no such file');
    return await verifyFiles(files);
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `cannot read the audit log ${file}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function verifyFiles(files: readonly string[]): Promise<AuditVerdict> {
  let previous: string | undefined;
  let isWhole = true;
  let lines = 0;
  for (const file of files) {
    let number = 0;
    for await (const line of linesOf(createReadStream(file))) {
      number += 1;
      const named = previousOf(line);
      const isFollowing = named !== undefined && (previous === undefined || named === previous);
      if (!isFollowing) {
        const reason =
          named === undefined
            ? 'it is not an audit log entry'
            : 'its hash does not match the previous line: that line was altered, or lines between them are missing';
        return {
          files,
          lines,
          isWhole,
          lastHash: previous ?? firstHash,
          fault: { file, line: number, reason },
        };
      }
      if (previous === undefined) isWhole = named === firstHash;
      previous = hashOfLine(line);
      lines += 1;
    }
  }
  return { files, lines, isWhole, lastHash: previous ?? firstHash };
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
