/** What a broker has done since it started, and how it is loaded now. */
export interface BrokerStats extends Counters {
  /** Authenticated clients. */
  readonly clients: number;
  /** The same by what they are; `anonymous` ones exist on loopback without security only. */
  readonly nodes: number;
  readonly callers: number;
  readonly enrolling: number;
  readonly anonymous: number;
  /** Connections that are not authenticated yet. */
  readonly pending: number;
  /** Retained messages, and their bytes. */
  readonly retained: number;
  readonly retainedBytes: number;
  /** Bytes that wait to be sent to slow clients. */
  readonly backlogBytes: number;
  /** Whether certificates or revocation lists on disk have changed and cannot be used: 1 or 0. */
  readonly outdated: number;
}

/** Counts since the start. */
export interface Counters {
  readonly accepted: number;
  /** Connections that were not let in, except those whose TLS handshake failed. */
  readonly refused: number;
  readonly tlsFailures: number;
  readonly published: number;
  /** Messages that were passed to a client: each publish once for each subscriber. */
  readonly delivered: number;
  readonly deniedPublishes: number;
  readonly deniedSubscriptions: number;
  /** Connections in which a second machine with the identity of another one was noticed. */
  readonly twins: number;
  /** Clients that were disconnected because they read too slowly. */
  readonly slow: number;
}

/** Counters that can be incremented. */
export type MutableCounters = { -readonly [Name in keyof Counters]: number };

export function zeroCounters(): MutableCounters {
  return {
    accepted: 0,
    refused: 0,
    tlsFailures: 0,
    published: 0,
    delivered: 0,
    deniedPublishes: 0,
    deniedSubscriptions: 0,
    twins: 0,
    slow: 0,
  };
}
