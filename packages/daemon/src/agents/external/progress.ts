import type { Readable } from 'node:stream';
import { type Logger, messageOf } from '@troupe/core';
import { LineCutter, parseJson } from '@troupe/core/internal';

const longestLine = 64 * 1024;
/** Lines that an agent may write at once, and in each second after that: one that writes faster has to wait. */
const burst = 500;
const linesASecond = 100;

/**
 * Reads JSON lines and hands each value on, at a bounded rate; what is not JSON is left out, and the log says so.
 * The result is to be called when the writer has ended: what is left may then come at once.
 */
export function readProgress(stream: Readable, progress: (data: unknown) => void, log: Logger): () => void {
  const cutter = new LineCutter(longestLine);
  const waiting: string[] = [];
  let left = burst;
  let hasEnded = false;
  const warnings = new Set<string>();
  const warn = (reason: string, message: string) => {
    if (!warnings.has(message)) log.warn({ reason }, message);
    warnings.add(message);
  };

  const tell = (line: string) => {
    if (line.trim() === '') return;
    try {
      const [value, ...more] = parseJson(Buffer.from(`[${line}]`)) as unknown[];
      if (more.length > 0) throw new Error('expected one JSON value per line');
      progress(value);
    } catch (error) {
      warn(messageOf(error), 'a line of progress is not valid JSON: ignored');
    }
  };
  const drain = () => {
    while (left > 0 && waiting.length > 0) {
      left -= 1;
      tell(waiting.shift() ?? '');
    }
    if (hasEnded && waiting.splice(0).length > 0) {
      warn(`more than ${burst} lines were waiting at the end`, 'the rest of the progress was dropped');
    }
    if (waiting.length > 0) stream.pause();
    else stream.resume();
  };
  const timer = setInterval(() => {
    left = Math.max(left, linesASecond);
    drain();
  }, 1000).unref();
  stream.on('data', (chunk: Buffer) => {
    waiting.push(...cutter.cut(chunk));
    drain();
  });
  stream.on('end', () => {
    waiting.push(...cutter.end());
    drain();
  });
  stream.on('close', () => clearInterval(timer));
  // A pipe that breaks ends with its process, which says how it ended.
  stream.on('error', () => {});
  return () => {
    hasEnded = true;
    left = burst;
    drain();
  };
}
