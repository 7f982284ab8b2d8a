/** What a broker has done since it started; `clients` and `retained` are of this moment. */
export interface BrokerStats {
  readonly clients: number;
  readonly retained: number;
  readonly accepted: number;
  /** Connections that were not let in. */
  readonly refused: number;
  readonly published: number;
  readonly deniedPublishes: number;
  readonly deniedSubscriptions: number;
}

export type Counters = { -readonly [Name in Exclude<keyof BrokerStats, 'clients' | 'retained'>]: number };

export function zeroCounters(): Counters {
  return { accepted: 0, refused: 0, published: 0, deniedPublishes: 0, deniedSubscriptions: 0 };
}
