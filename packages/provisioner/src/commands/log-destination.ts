import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LogOutput } from '@troupe/core';
import type { Io } from './io.js';

/** Where log lines go: the file of the configuration, or else standard error. */
export function logDestination(
  io: Io,
  file = '/dev/stderr',
): { destination: { write(line: string): void }; output: LogOutput } {
  if (file === '/dev/stderr')
    return { destination: { write: (line) => io.err(line) }, output: io.outputs.err };
  if (file === '/dev/stdout')
    return { destination: { write: (line) => io.out(line) }, output: io.outputs.out };
  mkdirSync(dirname(file), { recursive: true });
  // Opened for each line, so that whatever rotates the file need not tell us.
  const write = (line: string) => appendFileSync(file, line, { mode: 0o640 });
  return { destination: { write }, output: 'other' };
}
