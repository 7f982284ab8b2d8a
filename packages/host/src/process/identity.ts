import { isErrno } from '@troupe/core/durable-file';
import { bootId, hasProc, readStat } from './proc.js';

/** A process such that its number's next owner is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the process's start; null where there is no /proc. */
  readonly startTicks: number | null;
  readonly bootId: string | null;
}

/** The identity of the process that has this number now, or nothing where none has. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!hasProc()) return hasProcess(pid) ? { pid, startTicks: null, bootId: null } : undefined;
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const own = identify(process.pid);
  if (!own) throw new Error('cannot find this process in /proc');
  return own;
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

/**
 * Whether the number of a process that led a group is still its own: it is not given away while a group of that number
 * has members, nor while its owner is a zombie.
 */
export function ownsNumber(leader: ProcessIdentity): boolean {
  return isAlive(leader) || identify(leader.pid) === undefined;
}
