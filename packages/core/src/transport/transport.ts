/** Hears a message, which the broker may have kept from before the subscription; must not throw. */
export type Listener = (payload: Uint8Array, topic: string, isRetained: boolean) => void;

export interface PublishOptions {
  readonly qos?: 0 | 1;
  readonly retain?: boolean;
}

/** What the broker publishes for us when we vanish. */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** How a connection to the broker stands. */
export interface Link {
  readonly connected: boolean;
  /** Milliseconds since 1970: when it last came or broke; absent where neither has happened. */
  readonly since?: number;
  /** The broker that we are connected to, or were last. */
  readonly url?: string;
  /** Why there is no connection, as far as is known. */
  readonly reason?: string;
  /** Whether the broker refused us because another client has our name. */
  readonly isNameTaken?: boolean;
  /** Connections in a row that the broker ended within seconds, as it does while another client takes our name. */
  readonly shortConnections?: number;
  /** Our own address in this connection, or the last one. */
  readonly address?: string;
}

export interface SubscribeOptions {
  /** Whether everything else works without it, if the broker does not permit it. */
  readonly isOptional?: boolean;
}

/** Moves bytes between topics; knows nothing of messages. */
export interface Transport {
  readonly connected: boolean;
  /** More of the same, where the transport can tell. */
  readonly link?: Link;
  /** Calls `listener` whenever `link` changes, where the transport can tell. */
  onChange?(listener: () => void): void;
  /** Hands the bytes to the broker. Throws NOT_CONNECTED instead of queueing: what is late is asked for again. */
  publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<void>;
  /** Hears every message on topics that match `filter`, over reconnects, until the result is called. */
  subscribe(filter: string, listener: Listener, options?: SubscribeOptions): Promise<() => Promise<void>>;
  /** Calls `listener` now if connected, and after every connect, when the subscriptions stand again. */
  onConnect(listener: () => void): void;
  /** Disconnects, and does not connect again until the result is called. */
  hold?(reason: string): () => void;
  /** Takes leave of the broker, so that the will is not sent. */
  close(): Promise<void>;
}

/** Whether an MQTT topic filter matches a topic (MQTT 3.1.1, 4.7). */
export function matchesTopic(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  // Each message is held against each subscription, and most of them have no wildcard.
  if (!filter.includes('+') && !filter.includes('#')) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (let index = 0; index < wanted.length; index += 1) {
    const level = wanted[index];
    if (level === '#') return true;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
