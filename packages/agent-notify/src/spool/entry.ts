import { Serial } from '@troupe/core/async';
import type { Outcome } from './outcome.js';
import type { SpoolRecord } from './record.js';

/** A message in the spool of a running daemon. */
export interface Entry {
  record: SpoolRecord;
  /** Whether it is on disk. */
  isKept: boolean;
  /** Whether somebody was told that it is kept: it must not vanish then. */
  isPromised: boolean;
  /** Withdraws it. */
  readonly withdrawal: AbortController;
  attempt?: Promise<Outcome> | undefined;
  /** What is done with its file. */
  readonly disk: Serial;
  /** Why it is not on disk although it should be. */
  keepFault?: string;
}

export function newEntry(
  record: SpoolRecord,
  { isKept = false, isPromised = false }: Partial<Pick<Entry, 'isKept' | 'isPromised'>> = {},
): Entry {
  return { record, isKept, isPromised, withdrawal: new AbortController(), disk: new Serial() };
}

/** What a log line says of a message. */
export function nameOf({ record }: Entry): { readonly id: string; readonly recipient: string } {
  const { id, recipient } = record.notification;
  return { id, recipient };
}
