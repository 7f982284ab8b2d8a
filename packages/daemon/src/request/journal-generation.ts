import { closeSync, openSync, writeSync } from 'node:fs';
import { isErrno, replaceFileSync } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { sealLine, unseal } from '../sealed-line.js';

/** What the journal must contain at least, kept in a file of its own: so that a journal that lost something is found out. */
export interface Generation {
  /** How many times the journal was written anew. */
  readonly generation: number;
  /** Lines of it that are safe from a power cut. */
  readonly lines: number;
  /** While the journal is written anew: what it was before; generation 0 is no file. */
  readonly before?: { readonly generation: number; readonly lines: number };
  /** Milliseconds that the node has served, over all its daemons. */
  readonly lived: number;
  /** The latest time of a request that was noted, in milliseconds since 1970. */
  readonly latest: number;
  /** Until when requests could begin whose ids are forgotten by now: one that could begin later is not among them. */
  readonly forgotten: number;
  readonly damage?: JournalDamage;
}

/** That ids were lost. */
export interface JournalDamage {
  /** Requests that are older may be among them. */
  readonly time: number;
  /** How long the node had served when it was found. */
  readonly lived: number;
}

// Below the size of a sector, so that a power cut leaves the old bytes or the new.
const size = 512;

/** Reads it; nothing if there is no file. Throws if it cannot be read, or is damaged. */
export function readGeneration(file: string): Generation | undefined {
  let text: string;
  try {
    text = readRegularFileSync(file, { most: 64 * 1024 }).toString('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const { values, isSound } = unseal(text.trimEnd(), 0);
  if (!isSound || typeof values.generation !== 'number')
    throw new DamagedError('it does not match its checksum');
  return values as unknown as Generation;
}

/** A file that is not as it was written. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

/** Replaces it, safe from a power cut. */
export function replaceGeneration(file: string, generation: Generation): void {
  replaceFileSync(file, bytesOf(generation), 0o600);
}

/** Writes over it, which costs no flush: after a power cut it may be the one before, which promises less. */
export function updateGeneration(file: string, generation: Generation): void {
  let fd: number;
  try {
    fd = openSync(file, 'r+');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    replaceGeneration(file, generation);
    return;
  }
  try {
    writeSync(fd, bytesOf(generation), 0, size, 0);
  } finally {
    closeSync(fd);
  }
}

function bytesOf(generation: Generation): Buffer {
  const { line } = sealLine(generation, 0);
  return Buffer.from(`${line.trimEnd().padEnd(size - 1)}\n`);
}
