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
  /** Settles when what was begun with its file is done; never rejects. */
  disk: Promise<void>;
  /** Why it is not on disk although it should be. */
  keepFault?: string;
}

export function newEntry(
  record: SpoolRecord,
  { isKept = false, isPromised = false }: Partial<Pick<Entry, 'isKept' | 'isPromised'>> = {},
): Entry {
  return { record, isKept, isPromised, withdrawal: new AbortController(), disk: Promise.resolve() };
}

/** Does something with the file of a message, after all that was begun before; rejects as `work` does. */
export function inTurn(entry: Entry, work: () => Promise<void>): Promise<void> {
  const done = entry.disk.then(work);
  entry.disk = done.catch(() => {});
  return done;
}

/** What a log line says of a message. */
export function nameOf({ record }: Entry): { readonly id: string; readonly recipient: string } {
  const { id, recipient } = record.notification;
  return { id, recipient };
}
