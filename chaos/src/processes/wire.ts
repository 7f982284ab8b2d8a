import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { isErrno } from '@troupe/core/durable-file';
import type { Faults, Mishap } from '@troupe/testkit';

/** How often a process looks at what its wire is to be like, and tells what was done to messages: milliseconds. */
const every = 200;

/** The wire of a process as a file says that it is: `file` holds Faults, `file`.done what was done, a line each time. */
export function followWire(file: string): { faults: () => Faults; onMishap: (what: Mishap) => void } {
  let faults: Faults = {};
  let seen = 0;
  let done: Partial<Record<Mishap, number>> = {};
  const look = () => {
    try {
      const { mtimeMs } = statSync(file);
      if (mtimeMs !== seen) faults = JSON.parse(readFileSync(file, 'utf8')) as Faults;
      seen = mtimeMs;
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    if (Object.keys(done).length > 0) appendFileSync(`${file}.done`, `${JSON.stringify(done)}\n`);
    done = {};
  };
  look();
  setInterval(look, every).unref();
  return {
    faults: () => faults,
    onMishap: (what) => {
      done[what] = (done[what] ?? 0) + 1;
    },
  };
}
