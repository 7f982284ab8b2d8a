import { Serial } from '@troupe/core/async';
import type { SpoolRecord } from './record.js';
import type { SendResult } from './send-result.js';

/** A message in the spool of a running daemon. */
export interface Entry {
  record: SpoolRecord;
  /** Whether it is on disk. */
  isKept: boolean;
  /** Whether a caller was notified that it is kept: then it must not be lost. */
  isPromised: boolean;
  /** Withdraws it. */
  readonly withdrawal: AbortController;
  attempt?: Promise<SendResult> | undefined;
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

/** The fields that identify a message in a log line. */
export function nameOf({ record }: Entry): { readonly id: string; readonly recipient: string } {
  const { id, recipient } = record.notification;
  return { id, recipient };
}
