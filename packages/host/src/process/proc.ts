import { readFileSync } from 'node:fs';
import { isErrno } from '@troupe/core/durable-file';

/** What the kernel says of a process. */
export interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly startTicks: number;
}

/** Whether this system has Linux's /proc. */
export function hasProc(): boolean {
  return process.platform === 'linux';
}

/** What the kernel says of the process that runs under this number; nothing of one that has ended, a zombie included. */
export function readStat(pid: number): Stat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return;
  // proc(5): the second field is the command in brackets and may itself hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  if (state === 'Z' || state === 'X') return;
  return {
    pid,
    state,
    parent: Number(parent),
    group: Number(group),
    startTicks: Number(fields[19]),
  };
}

/** The words with which a process was started: none where it has ended, undefined where there is no /proc. */
export function commandLine(pid: number): readonly string[] | undefined {
  if (!hasProc()) return undefined;
  if (!readStat(pid)) return [];
  // proc(5): each word ends in a NUL, except the last one of a process that has changed its own.
  const text = readText(`/proc/${pid}/cmdline`)?.replace(/\0$/, '') ?? '';
  return text === '' ? [] : text.split('\0');
}

/** Differs after each start of the machine; null where there is no /proc. */
export function bootId(): string | null {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) return;
    throw error;
  }
}
