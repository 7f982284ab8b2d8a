import { logFormats } from '../log/format.js';
import { logLevels } from '../log/logger.js';
import type { ConfigOf, ConfigSchema } from './config-schema.js';

type Properties = { readonly [name: string]: ConfigSchema };

/**
 * A closed object of a schema: what is not listed is refused. If it is left out, it is as if it were there and empty.
 * The types of its keys come from what is written here: a part that is made elsewhere needs `as const`.
 */
export function section<const P extends Properties, const R extends readonly (keyof P & string)[]>(
  properties: P,
  ...required: R
) {
  return { ...optionalSection(properties, ...required), default: {} } as const;
}

/** As section, for one that means something only if it is written: left out, it is undefined. */
export function optionalSection<const P extends Properties, const R extends readonly (keyof P & string)[]>(
  properties: P,
  ...required: R
) {
  return { type: 'object', properties, required, additionalProperties: false } as const;
}

const file = { type: 'string', minLength: 1 } as const;

const pem = (description: string) => ({ ...file, description }) as const;

const metricsFile = {
  textfile: {
    ...file,
    description:
      'File to which metrics are written, for the textfile collector of the Prometheus node exporter. Its name must end in `.prom`. Default: none.',
    pattern: '\\.prom$',
  },
  interval: {
    type: 'number',
    minimum: 1,
    maximum: 3600,
    format: 'seconds',
    default: 30,
    description: 'Seconds between two writes of `metrics.textfile`.',
  },
} as const;

/** The schemas of the sections that the daemon's and the client's configuration share. */
export const sections = {
  broker: section({
    urls: {
      type: 'array',
      items: { type: 'string', format: 'mqtt-url' },
      default: [],
      description:
        'URLs of the brokers, tried in turn: `mqtts://HOST:8883`; only on this machine without TLS: `mqtt://127.0.0.1:1883`.',
    },
    ca: pem('PEM file with the CA certificates that verify the broker; default: `security.ca`.'),
    keepalive: {
      type: 'integer',
      minimum: 5,
      maximum: 3600,
      format: 'seconds',
      default: 30,
      description: 'Keepalive interval in seconds: an idle connection is tested after this time.',
    },
  }),
  security: section({
    mode: {
      enum: ['x509', 'token', 'none'],
      default: 'x509',
      description:
        'Authentication by certificate (`x509`), by enrolment token (`token`), or none (`none`: only with a broker on this machine).',
    },
    ca: pem('PEM file with the trusted CA certificates.'),
    certificate: pem(
      'PEM file with the certificate of this process, followed by its intermediate certificates.',
    ),
    key: pem('PEM file with the private key; other users must not be able to read it.'),
    crl: pem('PEM file with certificate revocation lists (CRLs); read again when it changes.'),
    token: pem('File with the enrolment token, for the mode `token`.'),
    minimum_protocol: {
      type: 'integer',
      minimum: 1,
      maximum: 2,
      default: 1,
      description:
        'Lowest version of the wire protocol that is accepted and used; 2 refuses software that speaks only version 1.',
    },
    callers: section({
      match: {
        type: 'string',
        default: '/\\.mcollective$/',
        description: 'Certificate names that are allowed to call: a `/regular expression/`.',
      },
      ca: pem('PEM file with the CA certificates that verify callers; default: `security.ca`.'),
      authorities: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        minItems: 1,
        description:
          'The CAs in this file whose callers are accepted, by common name or SHA-256 fingerprint: they count as one, such as the old and the new CA during a rollover. Default: the first CA in the file, with the CAs that have its key or that it issued.',
      },
    }),
    tokens: section({
      revoked: pem('File with the ids of revoked enrolment tokens, for callers of machines that use tokens.'),
      ledger: pem('File that counts the uses of enrolment tokens, for callers of machines that use tokens.'),
    }),
  }),
  topics: section({
    escape: {
      type: 'boolean',
      default: false,
      description:
        'Whether dots in topics are written as `%2E`: required for NATS and RabbitMQ; the same for all nodes and clients.',
    },
  }),
  collectives: {
    type: 'array',
    items: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' },
    minItems: 1,
    default: ['mcollective'],
  },
  /** Metrics in a file alone, for a program that serves them over HTTP by other keys. */
  metricsFile: section(metricsFile),
  metrics: section({
    http: {
      ...optionalSection(
        {
          address: {
            type: 'string',
            minLength: 1,
            default: '127.0.0.1',
            description:
              'The address to listen on. Anyone who can connect to it can read the metrics: they are neither encrypted nor authenticated.',
          },
          port: {
            type: 'integer',
            minimum: 0,
            maximum: 65_535,
            description: 'The port to listen on; 0 selects any free port.',
          },
        },
        'port',
      ),
      description:
        'If this section is present, metrics for Prometheus are served over HTTP at `/metrics`. Default: not served.',
    },
    ...metricsFile,
  }),
  logLevel: { enum: logLevels, default: 'info' },
  logFormat: {
    enum: logFormats,
    default: 'auto',
    description: 'Format of log lines; `auto`: text on a terminal and in the journal, otherwise JSON.',
  },
  file,
} as const;

/** How to reach the broker. */
export type BrokerConfig = ConfigOf<typeof sections.broker>;

/** Who this process is and whom it believes. Files are PEM. */
export type SecurityConfig = ConfigOf<typeof sections.security>;
