import type { Readable } from 'node:stream';
import type { Logger } from '@troupe/core';
import { LineCutter } from '@troupe/core/internal';

const longestLine = 4096;
const mostLogged = 64 * 1024;

/**
 * Writes what a process says to the log, line by line up to 64 KiB, and reads the rest away. Calls `flooded` when
 * there is more than `most` bytes.
 */
export function logOutput(
  stream: Readable,
  name: 'stdout' | 'stderr',
  log: Logger,
  most: number,
  flooded: () => void,
): void {
  const cutter = new LineCutter(longestLine);
  let bytes = 0;
  const write = (lines: Iterable<string>) => {
    for (const line of lines) log[name === 'stderr' ? 'error' : 'info']({ stream: name }, line);
  };
  stream.on('data', (chunk: Buffer) => {
    const before = bytes;
    bytes += chunk.length;
    if (before < mostLogged) write(cutter.cut(chunk.subarray(0, mostLogged - before)));
    if (before <= mostLogged && bytes > mostLogged) {
      write(cutter.end());
      log.warn(
        { stream: name },
        `the rest of the output is not logged: it has more than ${mostLogged} bytes`,
      );
    }
    if (before <= most && bytes > most) flooded();
  });
  stream.on('end', () => write(cutter.end()));
  // A pipe that breaks ends with its process, which says how it ended.
  stream.on('error', () => {});
}
