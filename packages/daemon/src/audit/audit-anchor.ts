import { closeSync, constants, openSync } from 'node:fs';
import type { Values } from '@troupe/core/internal';
import { overwriteSealedFile, readSealedFile } from '../sealed-file.js';

/** Where the hash of the last line of an audit is kept. */
export function anchorFile(file: string): string {
  return `${file}.end`;
}

const size = 128;

/**
 * The hash of the line with which an audit ends, according to its anchor; nothing if it has none, as from versions that
 * wrote none. Throws what the file system throws, or DamagedError.
 */
export function readAnchor(file: string): string | undefined {
  const isWhole = ({ last }: Values) => typeof last === 'string';
  return readSealedFile(anchorFile(file), { most: 4096, isWhole })?.last as string | undefined;
}

/** Notes the hash of the last line: over the one before, as it is always of one length. */
export function writeAnchor(file: string, last: string): void {
  const fd = openSync(anchorFile(file), constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    overwriteSealedFile(fd, { last }, size);
  } finally {
    closeSync(fd);
  }
}
