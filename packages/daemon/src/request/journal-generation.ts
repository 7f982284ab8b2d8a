import { closeSync, openSync } from 'node:fs';
import { isErrno, replaceFileSync } from '@troupe/core/durable-file';
import type { Values } from '@troupe/core/internal';
import { overwriteSealedFile, readSealedFile, sealedFile } from '../sealed-file.js';

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

/** Reads it; nothing if there is no file. Throws what the file system throws, or DamagedError. */
export function readGeneration(file: string): Generation | undefined {
  const isWhole = ({ generation }: Values) => typeof generation === 'number';
  return readSealedFile(file, { most: 64 * 1024, isWhole }) as Generation | undefined;
}

/** Replaces it, safe from a power cut. */
export function replaceGeneration(file: string, generation: Generation): void {
  replaceFileSync(file, sealedFile(generation, size), 0o600);
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
    overwriteSealedFile(fd, generation, size);
  } finally {
    closeSync(fd);
  }
}
