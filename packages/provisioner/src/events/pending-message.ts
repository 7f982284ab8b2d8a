import type { Values } from '@troupe/core/internal';
import type { Notification } from './notification.js';

/** A message that somebody has not got yet. Times are milliseconds since 1970. */
export interface PendingMessage extends Notification {
  readonly time: number;
  /** Messages are sent in this order. */
  readonly order: number;
  /** Who has not got it: targets of `notify` to which no notifier has accepted it. */
  readonly recipients: readonly string[];
  /** The targets of `notify.fallback` that have got it. */
  readonly byFallback: readonly string[];
}

/** A message that was sent, so that it is not sent again. */
export interface SentMessage {
  readonly id: string;
  readonly sent: number;
  readonly isSingle: boolean;
}

export type OutboxEntry = PendingMessage | SentMessage;

export function isPending(entry: OutboxEntry): entry is PendingMessage {
  return 'recipients' in entry;
}

/** What the journal holds; undefined if it is not an entry. */
export function readEntry(values: Values): OutboxEntry | undefined {
  const { id, sent, isSingle, identity, subject, text, fields, time, order, recipients, byFallback } = values;
  if (typeof id !== 'string') return undefined;
  if (typeof sent === 'number') return { id, sent, isSingle: isSingle === true };
  if (typeof identity !== 'string' || typeof subject !== 'string' || typeof text !== 'string')
    return undefined;
  if (typeof time !== 'number' || typeof order !== 'number') return undefined;
  return {
    id,
    identity,
    subject,
    text,
    fields: typeof fields === 'object' && fields !== null ? (fields as Values) : {},
    time,
    order,
    recipients: textsOf(recipients),
    byFallback: textsOf(byFallback),
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}
