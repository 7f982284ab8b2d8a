import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { isErrno } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { sealLine, unseal } from '../sealed-line.js';

/** Where the hash of the last line of an audit is kept. */
export function anchorFile(file: string): string {
  return `${file}.end`;
}

const size = 128;

/**
 * The hash of the line with which an audit ends, according to its anchor; nothing if it has none, as from versions that
 * wrote none. Throws what the file system throws, or an Error if the anchor is damaged.
 */
export function readAnchor(file: string): string | undefined {
  let text: string;
  try {
    text = readRegularFileSync(anchorFile(file), { most: 4096 }).toString('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const { values, isSound } = unseal(text.trimEnd(), 0);
  if (!isSound || typeof values.last !== 'string') throw new Error('it does not match its checksum');
  return values.last;
}

/** Notes the hash of the last line: over the one before, as it is always of one length. */
export function writeAnchor(file: string, last: string): void {
  const { line } = sealLine({ last }, 0);
  const fd = openSync(anchorFile(file), constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeSync(fd, Buffer.from(`${line.trimEnd().padEnd(size - 1)}\n`), 0, size, 0);
  } finally {
    closeSync(fd);
  }
}
