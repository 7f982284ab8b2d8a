import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '@troupe/core/durable-file';

/** A process such that its number's next owner is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the process's start; null where there is no /proc. */
  readonly startTicks: number | null;
  readonly bootId: string | null;
}

/** A process of a family. */
export interface Member extends ProcessIdentity {
  /** The process group that it is in. */
  readonly group: number;
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly startTicks: number;
}

/** The identity of the process that has this number now, or nothing where none has. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!hasProc()) return hasProcess(pid) ? { pid, startTicks: null, bootId: null } : undefined;
  const stat = readStat(pid);
  if (!stat || isDead(stat)) return;
  return { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Whether there is a process with this number, whoever's and whichever it is. */
export function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user may not be sent anything.
    return isErrno(error, 'EPERM');
  }
}

/** Whether that very process still runs; a zombie does not. */
export function isAlive(process: ProcessIdentity): boolean {
  const now = identify(process.pid);
  if (!now) return false;
  return process.startTicks === null || (now.startTicks === process.startTicks && !isOtherBoot(process));
}

/** Whether the machine was started again since. */
export function isOtherBoot(process: ProcessIdentity): boolean {
  return process.bootId !== null && process.bootId !== bootId();
}

/** The words with which a process was started: none where it has ended, undefined where there is no /proc. */
export function commandLine(pid: number): readonly string[] | undefined {
  if (!hasProc()) return undefined;
  const stat = readStat(pid);
  if (!stat || isDead(stat)) return [];
  // proc(5): each word ends in a NUL, except the last one of a process that has changed its own.
  const text = readText(`/proc/${pid}/cmdline`)?.replace(/\0$/, '') ?? '';
  return text === '' ? [] : text.split('\0');
}

/**
 * The members of the group that `leader` leads and everything that descends from them: Puppet gives each command
 * that it runs a session of its own, so that the group alone does not hold them.
 */
export function familyOf(leader: ProcessIdentity): Member[] {
  if (!hasProc() || !ownsNumber(leader)) return [];
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat): stat is Stat => stat !== undefined && !isDead(stat));
  const family = new Set(all.filter((stat) => stat.group === leader.pid).map((stat) => stat.pid));
  for (let grown = true; grown; ) {
    const children = all.filter((stat) => family.has(stat.parent) && !family.has(stat.pid));
    for (const child of children) family.add(child.pid);
    grown = children.length > 0;
  }
  const boot = bootId();
  return all
    .filter((stat) => family.has(stat.pid))
    .map(({ pid, startTicks, group }) => ({ pid, startTicks, bootId: boot, group }));
}

/** Sends a signal to that very process, or to nobody where it has ended. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(target)) kill(target.pid, signal);
}

/** Sends a signal to the group that `leader` leads, unless the leader's number has passed to somebody else. */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): void {
  if (ownsNumber(leader)) kill(-leader.pid, signal);
}

// A number is not given away while a group of that number has members, nor while its owner is a zombie.
function ownsNumber(leader: ProcessIdentity): boolean {
  return isAlive(leader) || identify(leader.pid) === undefined;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

function isDead(stat: Stat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

// proc(5): the second field is the command in brackets and may itself hold blanks and brackets.
function readStat(pid: number): Stat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  return {
    pid,
    state,
    parent: Number(parent),
    group: Number(group),
    startTicks: Number(fields[19]),
  };
}

function hasProc(): boolean {
  return process.platform === 'linux';
}

function bootId(): string | null {
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
