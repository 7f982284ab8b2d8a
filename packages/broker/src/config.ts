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
        'Addresses to listen on: `mqtts://HOST:PORT` with TLS, or `mqtt://HOST:PORT` without TLS, on loopback only. `tls://` and `tcp://` are synonyms. Port 0 selects any free port.',
    },
    security: section({
      mode: {
        enum: ['x509', 'none'],
        default: 'x509',
        description:
          '`x509`: clients need a certificate or an enrolment token. `none`: any client that connects to an address without TLS may publish and subscribe to everything below `mco/`. Use it only for tests on one machine. Addresses with TLS are not affected.',
      },
      ca: pem(
        'the CAs that issue the certificates of nodes, and of callers if `callers.ca` is not set. Required for TLS.',
      ),
      certificate: pem(
        "the broker's certificate, followed by the intermediate certificates. Required for TLS.",
      ),
      key: pem("the broker's private key. Other users must not have access to it. Required for TLS."),
      crl: pem('revocation lists. If set, it must contain a list for every CA in `ca` and `callers.ca`.'),
      callers: section({
        match: {
          ...sections.security.properties.callers.properties.match,
          description: 'Which certificate names are callers: a `/regular expression/` or one exact name.',
        },
        ca: pem('the CAs that issue the certificates of callers. Default: `security.ca`.'),
        authorities: sections.security.properties.callers.properties.authorities,
      }),
    }),
    collectives: {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string' } },
      description:
        'The nodes of each collective: `/regular expressions/` or exact names. If it is set, a node can use only the collectives that list it; otherwise, every node can use every collective. Callers are not affected.',
    },
    enrolment: section({
      collective: {
        type: 'string',
        pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
        default: 'provisioning',
        description:
          'The collective of machines that connect with an enrolment token. Nodes with a certificate cannot join it.',
      },
      revoked: {
        ...sections.file,
        description: 'File with the ids of revoked tokens, one per line.',
      },
      ledger: {
        ...sections.file,
        description:
          'File in which the uses of tokens are counted. If it is not set, tokens with a limited number of uses are refused.',
      },
    }),
    topics: section({
      escape: {
        ...sections.topics.properties.escape,
        description:
          'Whether dots in names are written as `%2E` in topics. The setting must be the same in the whole network: topics in the other spelling are denied.',
      },
    }),
    limits: section({
      payload_bytes: count(mebibyte, 'Maximum size of a message, in bytes.'),
      subscriptions: count(256, 'Maximum number of subscriptions per client.'),
      backlog_bytes: count(
        128 * mebibyte,
        'Maximum number of bytes that wait to be sent to a client. A client that exceeds it is disconnected.',
      ),
      backlog_total_bytes: count(
        512 * mebibyte,
        'Maximum number of bytes that wait to be sent to all clients together. If it is exceeded, the client for which most waits is disconnected.',
      ),
      connections_pending: count(
        2000,
        'Maximum number of connections that are not authenticated yet. One address can have up to four fifths of them; several addresses get equal shares. On addresses without TLS, ten times as many.',
      ),
      connect_timeout: {
        type: 'number',
        exclusiveMinimum: 0,
        format: 'seconds',
        default: 10,
        description: 'Time limit in seconds for a connection to authenticate.',
      },
      connections: count(50_000, 'Maximum number of authenticated connections.'),
      connections_per_name: count(
        256,
        'Maximum number of authenticated connections of one name. A node needs one, a caller one for each of its clients.',
      ),
      connections_enrolling: count(
        5000,
        'Maximum number of connections of machines with an enrolment token.',
      ),
      drain_timeout: {
        type: 'number',
        exclusiveMinimum: 0,
        format: 'seconds',
        default: 10,
        description:
          'Time limit in seconds for a client to read the data that waits for it. A client that exceeds it is disconnected.',
      },
      retained_bytes: count(16 * 1024, 'Maximum size of a retained message, in bytes.'),
      retained_per_name: count(
        32,
        'Maximum number of retained messages per name. A node needs one for each of its collectives.',
      ),
      retained_total_bytes: count(
        256 * mebibyte,
        'Maximum size of all retained messages together, in bytes; machines with an enrolment token can use a quarter of it.',
      ),
    }),
    metrics: sections.metrics,
    log: section({
      level: { ...sections.logLevel, description: 'Lowest level that is logged.' },
      format: sections.logFormat,
      file: { ...sections.file, description: 'Log file. Default: standard error.' },
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
