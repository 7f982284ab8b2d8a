import { reasonOf } from '../errors.js';
import type { Logger } from '../log/logger.js';
import type { Topics } from '../transport/topics.js';
import type { Transport, Will } from '../transport/transport.js';
import type { ProtocolVersion } from './message.js';

/**
 * The small retained record that tells who is online. It is a hint for clients (whom to wait for, in which version to
 * begin, what to call a node that does not answer) and decides nothing, so it is not signed. Software of version 1 sends
 * only the first five keys.
 */
export interface Presence {
  readonly v: ProtocolVersion;
  readonly identity: string;
  readonly online: boolean;
  /** Milliseconds since 1970: when the daemon started. */
  readonly since: number;
  /** Of the software. */
  readonly version: string;
  /** The highest version of the protocol that the node speaks. */
  readonly protocol?: number;
  /** Which have changed if these have: SHA-256 over the canonical JSON of the hashes of all DDLs by agent, and of the facts; the first 32 hexadecimal digits. */
  readonly digests?: { readonly ddls: string; readonly facts: string };
  /** Agents of the configuration that could not be loaded. */
  readonly leftOut?: readonly string[];
  /** Milliseconds since 1970: the end of the certificate or token of the node. */
  readonly certificateEnd?: number;
  /** Reserved: the region of the node. */
  readonly region?: string;
  /** Whether the node runs only actions that do not change it. */
  readonly paused?: boolean;
  /** Which process of which machine wrote this: another value under the same identity is another process. */
  readonly 'x-instance'?: string;
  /** The address from which the node is connected to the broker, as it sees it. */
  readonly 'x-address'?: string;
  /** The address of another machine that uses the same identity. */
  readonly 'x-twin'?: string;
}

/** A presence record without what changes when its node comes and goes. */
export type PresenceRecord = Omit<Presence, 'online'>;

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
export function offlineWill(topics: Topics, collective: string, record: PresenceRecord): Will {
  return {
    topic: topics.presence(collective, record.identity),
    payload: encode({ ...record, online: false }),
  };
}

/** An announced presence. */
export interface Announcement {
  /** Publishes the record again, because it has changed. */
  update(): Promise<void>;
  /** Takes the node offline, or with `forget` removes its record. */
  leave(options: { forget: boolean }): Promise<void>;
}

/** Announces the node after every connect, as it is then. */
export function announce(
  parts: { transport: Transport; topics: Topics; log: Logger },
  collective: string,
  identity: string,
  recordOf: () => PresenceRecord,
): Announcement {
  const { transport, topics, log } = parts;
  const topic = topics.presence(collective, identity);
  const publish = async (payload: Uint8Array) => {
    try {
      await transport.publish(topic, payload, { qos: 1, retain: true });
    } catch (error) {
      log.warn(reasonOf(error), 'cannot publish the presence record');
    }
  };
  const update = () => publish(encode({ ...recordOf(), online: true }));
  transport.onConnect(() => void update());
  return {
    update: async () => {
      if (transport.connected) await update();
    },
    leave: ({ forget }) => publish(forget ? new Uint8Array(0) : encode({ ...recordOf(), online: false })),
  };
}

function encode(record: Presence): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}
