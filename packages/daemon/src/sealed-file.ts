import { writeSync } from 'node:fs';
import { isErrno } from '@troupe/core/durable-file';
import { sealLine, unseal, type Values } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';

// A file of one sealed line, padded to a fixed size, so that it can be written over in place.

/** A file that is not as it was written. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

/** What the file says; nothing if there is no file. Throws what the file system throws, or DamagedError; `isWhole`: whether all values are there. */
export function readSealedFile(
  file: string,
  { most, isWhole }: { readonly most: number; readonly isWhole: (values: Values) => boolean },
): Values | undefined {
  let text: string;
  try {
    text = readRegularFileSync(file, { most }).toString('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const { values, isSound } = unseal(text.trimEnd(), 0);
  if (!isSound || !isWhole(values)) throw new DamagedError('it does not match its checksum');
  return values;
}

/** The bytes of such a file. */
export function sealedFile(values: object, size: number): Buffer {
  const { line } = sealLine(values, 0);
  return Buffer.from(`${line.trimEnd().padEnd(size - 1)}\n`);
}

/** Writes over such a file, which costs no flush: after a power cut it may be the one before. */
export function overwriteSealedFile(fd: number, values: object, size: number): void {
  writeSync(fd, sealedFile(values, size), 0, size, 0);
}
