import { type ConfigOf, checkConfig, loadConfig, parseConfig, section, sections } from '@troupe/core';

const mebibyte = 1024 * 1024;
const count = (fallback: number, description: string) =>
  ({ type: 'integer', minimum: 1, default: fallback, description }) as const;
const pem = (description: string) => ({ ...sections.file, description: `PEM file: ${description}` }) as const;

/** The JSON Schema of the broker's configuration. */
export const brokerSchema = section(
  {
    listen: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      description:
        'Addresses: `mqtts://HOST:PORT` with TLS; `mqtt://HOST:PORT` without, on loopback only. `tls://` and `tcp://` mean the same. Port 0 is any free port.',
    },
    security: section({
      mode: {
        enum: ['x509', 'none'],
        default: 'x509',
        description:
          '`none`: any client that reaches an address without TLS may publish and subscribe to everything below `mco/`. For trying things out on one machine. Addresses with TLS stay as strict as ever.',
      },
      ca: pem('the CAs of nodes, and of callers unless `callers.ca` is given. Required for TLS.'),
      certificate: pem("the broker's own certificate, followed by its intermediates. Required for TLS."),
      key: pem('its key. Refused if everybody may read it. Required for TLS.'),
      crl: pem('revocation lists. If given, it must hold one of every CA in `ca` and `callers.ca`.'),
      callers: section({
        match: {
          ...sections.security.properties.callers.properties.match,
          description: 'The certificate names that may call: `/regular expression/`, or one exact name.',
        },
        ca: pem('the CAs that callers must be from; otherwise `security.ca`.'),
      }),
    }),
    enrolment: section({
      collective: {
        type: 'string',
        pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
        default: 'provisioning',
        description: 'The collective of machines with an enrolment token; no node may join it.',
      },
      revoked: {
        ...sections.file,
        description: 'The file with the ids of revoked tokens, one on each line.',
      },
      ledger: {
        ...sections.file,
        description:
          'The file in which the uses of tokens are counted; without it, a token of limited use is refused.',
      },
    }),
    topics: section({
      escape: {
        ...sections.topics.properties.escape,
        description:
          'Whether dots in names are `%2E` in topics. The same in the whole network; the other spelling is denied.',
      },
    }),
    limits: section({
      payload_bytes: count(mebibyte, 'Bytes of one message.'),
      subscriptions: count(256, 'Subscriptions of one client.'),
      backlog_bytes: count(
        128 * mebibyte,
        'Bytes that may wait for a client that reads slowly; beyond, it is disconnected.',
      ),
      drain_timeout: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 10,
        description: 'Seconds that a client may take to read what waits for it; then it is disconnected.',
      },
      retained_bytes: count(16 * 1024, 'Bytes of one retained message.'),
      retained_per_name: count(32, 'Retained messages of one name: one for each collective that it is in.'),
      retained_total_bytes: count(256 * mebibyte, 'Bytes of all retained messages together.'),
    }),
    log: section({
      level: { ...sections.logLevel, description: 'What is logged.' },
      format: sections.logFormat,
    }),
  },
  'listen',
);

/** The configuration of `troupe-broker`, complete with its defaults. */
export type BrokerConfig = ConfigOf<typeof brokerSchema>;

/** Who may connect, and what the broker shows of itself. */
export type SecurityConfig = BrokerConfig['security'];

/** What no client may exceed. */
export type Limits = BrokerConfig['limits'];

type Incomplete<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Incomplete<T[K]> }
    : T;

/** A configuration in which everything but `listen` may be left out, down to single keys. */
export type BrokerConfigInput = Incomplete<BrokerConfig> & Pick<BrokerConfig, 'listen'>;

/** Reads the configuration of `troupe-broker`. Throws FILE_UNREADABLE or CONFIG_INVALID. */
export function loadBrokerConfig(file: string): BrokerConfig {
  return loadConfig(file, brokerSchema);
}

/** Checks a configuration made in a program and fills in what it leaves out. Throws CONFIG_INVALID. */
export function checkBrokerConfig(config: BrokerConfigInput, where = 'the configuration'): BrokerConfig {
  return checkConfig(config, brokerSchema, where);
}

/** The configuration out of a YAML or JSON text. Throws CONFIG_INVALID. */
export function parseBrokerConfig(text: string, where: string): BrokerConfig {
  return parseConfig(text, brokerSchema, where);
}
