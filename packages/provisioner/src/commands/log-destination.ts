import type { LogOutput } from '@troupe/core';
import { LogFile } from '@troupe/core/internal';
import type { Io } from './io.js';

/** Where log lines go. */
export interface LogDestination {
  readonly destination: { write(line: string): void };
  readonly output: LogOutput;
  /** Opens the file again, as after a rotation. Throws the system's error. Absent if it is no file. */
  readonly reopen?: () => void;
}

/** Where log lines go: the file of the configuration, or else standard error. */
export function logDestination(io: Io, file = '/dev/stderr'): LogDestination {
  if (file === '/dev/stderr')
    return { destination: { write: (line) => io.err(line) }, output: io.outputs.err };
  if (file === '/dev/stdout')
    return { destination: { write: (line) => io.out(line) }, output: io.outputs.out };
  const log = new LogFile(file, { mode: 0o640 });
  return { destination: log, output: 'other', reopen: () => log.reopen(file) };
}
