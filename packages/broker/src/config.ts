import { checkConfig, type LogLevel, loadConfig, parseConfig, section, sections } from '@troupe/core';

/** Who may come in, and what the broker shows of itself. Files are PEM. */
export interface SecurityConfig {
  /** `none`: whoever reaches a listener without TLS may do anything. */
  readonly mode: 'x509' | 'none';
  /** The CAs of nodes. */
  readonly ca?: string;
  /** The broker's own, with intermediates. */
  readonly certificate?: string;
  readonly key?: string;
  /** Needs a list of every CA when it is given. */
  readonly crl?: string;
  readonly callers: {
    /** The names that may call, as `/regular expression/`. */
    readonly match: string;
    /** The CAs that callers must be from; `security.ca` otherwise. */
    readonly ca?: string;
  };
}

/** What no client may exceed. */
export interface Limits {
  readonly payload_bytes: number;
  /** Of one client. */
  readonly subscriptions: number;
  /** What may wait for a client that reads slowly, before it is disconnected. */
  readonly backlog_bytes: number;
  /** Seconds that a client may take to read what waits for it. */
  readonly drain_timeout: number;
  /** Of one retained message. */
  readonly retained_bytes: number;
  /** Retained messages of one name. */
  readonly retained_per_name: number;
  /** Of all retained messages together. */
  readonly retained_total_bytes: number;
}

export interface BrokerConfig {
  /** `mqtts://HOST:PORT`, or `mqtt://HOST:PORT` on loopback; port 0 is any free one. */
  readonly listen: readonly string[];
  readonly security: SecurityConfig;
  readonly enrolment: {
    /** The collective that holders of a token join, and no node. */
    readonly collective: string;
    /** The file with the ids of revoked tokens, one on each line. */
    readonly revoked?: string;
    /** The file in which the uses of tokens are counted; without it, a token of limited use is refused. */
    readonly ledger?: string;
  };
  readonly topics: { readonly escape: boolean };
  readonly limits: Limits;
  readonly log: { readonly level: LogLevel };
}

type Incomplete<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Incomplete<T[K]> }
    : T;

/** A configuration in which everything but `listen` may be left out, down to single keys. */
export type BrokerConfigInput = Incomplete<BrokerConfig> & Pick<BrokerConfig, 'listen'>;

const count = (fallback: number) => ({ type: 'integer', minimum: 1, default: fallback });
const mebibyte = 1024 * 1024;

const { file } = sections;

/** The JSON Schema of the broker's configuration. */
export const brokerSchema = section(
  {
    listen: { type: 'array', items: { type: 'string' }, minItems: 1 },
    security: section({
      mode: { enum: ['x509', 'none'], default: 'x509' },
      ca: file,
      certificate: file,
      key: file,
      crl: file,
      callers: sections.security.properties.callers,
    }),
    enrolment: section({
      collective: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]{0,62}$', default: 'provisioning' },
      revoked: file,
      ledger: file,
    }),
    topics: sections.topics,
    limits: section({
      payload_bytes: count(mebibyte),
      subscriptions: count(256),
      backlog_bytes: count(128 * mebibyte),
      drain_timeout: { type: 'number', exclusiveMinimum: 0, default: 10 },
      retained_bytes: count(16 * 1024),
      retained_per_name: count(32),
      retained_total_bytes: count(256 * mebibyte),
    }),
    log: section({ level: sections.logLevel }),
  },
  ['listen'],
);

/** Reads the configuration of `troupe-broker`. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadBrokerConfig(file: string): BrokerConfig {
  return loadConfig<BrokerConfig>(file, brokerSchema);
}

/** Checks a configuration made in a program and fills in what it leaves out. Throws CONFIG_INVALID. */
export function checkBrokerConfig(config: BrokerConfigInput, where = 'the configuration'): BrokerConfig {
  return checkConfig<BrokerConfig>(config, brokerSchema, where);
}

/** The configuration out of a YAML or JSON text. Throws CONFIG_INVALID. */
export function parseBrokerConfig(text: string, where: string): BrokerConfig {
  return parseConfig<BrokerConfig>(text, brokerSchema, where);
}
