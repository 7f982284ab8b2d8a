import { reasonOf } from '../errors.js';
import type { Logger } from '../log/logger.js';
import type { Topics } from '../transport/topics.js';
import type { Transport, Will } from '../transport/transport.js';

/**
 * The small retained record that tells who is online. It is a hint for clients (whom to wait for, what to call
 * a node that does not answer) and decides nothing, so it is not signed.
 */
export interface Presence {
  readonly v: 1;
  readonly identity: string;
  readonly online: boolean;
  /** Milliseconds since 1970: when the daemon started. */
  readonly since: number;
  readonly version: string;
}

/** Reads a presence record; nothing where it is none. */
export function parsePresence(payload: Uint8Array): Presence | undefined {
  if (payload.length === 0 || payload.length > 4096) return undefined;
  try {
    const record = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<Presence> | null;
    const isSound = typeof record?.identity === 'string' && typeof record.online === 'boolean';
    return isSound ? (record as Presence) : undefined;
  } catch {
    return undefined;
  }
}

/** The will that takes a node offline when its connection breaks. */
export function offlineWill(topics: Topics, collective: string, record: Omit<Presence, 'online'>): Will {
  return {
    topic: topics.presence(collective, record.identity),
    payload: encode({ ...record, online: false }),
  };
}

/** Announces the node after every connect; the result takes it offline, or with `forget` removes its record. */
export function announce(
  parts: { transport: Transport; topics: Topics; log: Logger },
  collective: string,
  record: Omit<Presence, 'online'>,
): (options: { forget: boolean }) => Promise<void> {
  const { transport, topics, log } = parts;
  const topic = topics.presence(collective, record.identity);
  const publish = async (payload: Uint8Array) => {
    try {
      await transport.publish(topic, payload, { qos: 1, retain: true });
    } catch (error) {
      log.warn(reasonOf(error), 'cannot publish the presence record');
    }
  };
  transport.onConnect(() => void publish(encode({ ...record, online: true })));
  return ({ forget }) => publish(forget ? new Uint8Array(0) : encode({ ...record, online: false }));
}

function encode(record: Presence): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}
