import { createHash } from 'node:crypto';
import type { Notification } from '../notification.js';

/** What has become of a message: it will be tried again, it will not, or it has been delivered. */
export type State = 'waiting' | 'dead' | 'delivered';

/** A message in the spool. Times are milliseconds since 1970. */
export interface SpoolRecord {
  readonly state: State;
  readonly notification: Notification;
  /** When the spool took it. */
  readonly since: number;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason: string;
  /** When it is tried again; for the others, when they became what they are. */
  readonly next: number;
  readonly giveUpAt: number;
  /** Whether it may come again, so that the spool must remember that it was delivered. */
  readonly remember: boolean;
}

/** Two messages with the same key are the same message: an id may go to many recipients. */
export function keyOf({ id, recipient }: Pick<Notification, 'id' | 'recipient'>): string {
  return createHash('sha256').update(`${id}\n${recipient}`).digest('hex').slice(0, 40);
}

/** A record as the text of a file: its digest, then its JSON. */
export function encode(record: SpoolRecord): string {
  const json = JSON.stringify({ v: 1, ...record });
  return `${digestOf(json)}\n${json}\n`;
}

/** Reads what {@link encode} wrote. Throws where a byte of it has changed. */
export function decode(text: string): SpoolRecord {
  const [digest, json = '', ...rest] = text.split('\n');
  if (digest !== digestOf(json) || rest.join('') !== '')
    throw new Error('its checksum does not match its content');
  const { v, ...record } = JSON.parse(json) as SpoolRecord & { v: number };
  if (v !== 1) throw new Error(`unsupported version ${v}`);
  const { notification } = record;
  return { ...record, notification: { ...notification, time: new Date(notification.time) } };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
