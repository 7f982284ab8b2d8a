import { readdirSync, readFileSync } from 'node:fs';

/** Commands that fork when they enter a new pid namespace and do not pass signals on to what they run. */
const passThrough = new Set(['nsenter', 'unshare']);

/** The process that a signal for `pid` is meant for: `pid`, or the command that an nsenter there waits for. */
export function signalTarget(pid: number): number {
  if (!passThrough.has(read(`/proc/${pid}/comm`).trim())) return pid;
  const [child] = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ');
  return child ? signalTarget(Number(child)) : pid;
}

/** Sends a signal; false where no such process is left. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Every process, but this one, which names `text` in its command line or its environment. */
export function processesNaming(text: string): number[] {
  const pids = readdirIfAny('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter(
    (pid) =>
      pid !== process.pid &&
      (read(`/proc/${pid}/cmdline`).includes(text) || read(`/proc/${pid}/environ`).includes(text)),
  );
}

function readdirIfAny(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // No /proc on this system.
  }
}

// A process may end while it is being looked at, and those of other users cannot be read: both name nothing.
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
