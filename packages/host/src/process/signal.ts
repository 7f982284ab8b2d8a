import { isErrno } from '@troupe/core/durable-file';
import { isAlive, ownsNumber, type ProcessIdentity } from './identity.js';

/** Sends a signal to that very process, or to nobody where it has ended. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(target)) sendSignal(target.pid, signal);
}

/** Sends a signal to the group that `leader` leads, unless the leader's number has passed to somebody else. */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): void {
  if (ownsNumber(leader)) sendSignal(-leader.pid, signal);
}

/** Sends a signal to what kill(2) takes for a target: a process, or a group by its negative number. It may have ended. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
