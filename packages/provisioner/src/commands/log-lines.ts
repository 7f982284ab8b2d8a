import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ProvisionerConfig } from '../config/config.js';
import type { Io } from './io.js';

interface Destination {
  write(line: string): void;
}

/** Where log lines go: the file of the configuration as JSON, or else standard error, readable on a terminal. */
export function logDestination(io: Io, { file }: ProvisionerConfig['log']): Destination {
  if (file === undefined || file === '/dev/stderr') {
    return { write: (line) => io.err(io.isTerminal ? readable(line) : line) };
  }
  if (file === '/dev/stdout') return { write: (line) => io.out(line) };
  mkdirSync(dirname(file), { recursive: true });
  // Opened for each line, so that whatever rotates the file need not tell us.
  return { write: (line) => appendFileSync(file, line, { mode: 0o640 }) };
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: '',
  40: 'warning',
  50: 'error',
  60: 'fatal',
};

/** A JSON line of the log for people: time, level where it matters, node, words. */
export function readable(line: string): string {
  const { time, level, node, msg, reason } = JSON.parse(line) as Record<string, unknown>;
  const words = [
    new Date(Number(time)).toTimeString().slice(0, 8),
    levels[Number(level)] ?? '',
    typeof node === 'string' ? `${node}:` : '',
    String(msg ?? ''),
  ].filter((word) => word !== '');
  const text = words.join(' ');
  return `${typeof reason === 'string' && !text.includes(reason) ? `${text}: ${reason}` : text}\n`;
}
