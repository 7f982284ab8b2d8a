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

/** The schemas of the sections that the daemon's and the client's configuration share. */
export const sections = {
  broker: section({
    urls: {
      type: 'array',
      items: { type: 'string', format: 'mqtt-url' },
      default: [],
      description:
        'Brokers, tried in turn: `mqtts://HOST:8883`; `mqtt://127.0.0.1:1883` on this machine only.',
    },
    ca: pem("PEM file of the CAs that the broker's certificate may be from; otherwise `security.ca`."),
    keepalive: {
      type: 'integer',
      minimum: 5,
      maximum: 3600,
      default: 30,
      description: 'Seconds after which a silent connection is tested.',
    },
  }),
  security: section({
    mode: {
      enum: ['x509', 'token', 'none'],
      default: 'x509',
      description:
        'Certificates; an enrolment token; or nothing, which only a broker on this machine may have.',
    },
    ca: pem('PEM file of the CAs that are believed.'),
    certificate: pem('PEM file of our own certificate, and of intermediates after it.'),
    key: pem('PEM file of its key, which others must not be able to read.'),
    crl: pem('PEM file of revocation lists; read again when it changes.'),
    token: pem('File of the enrolment token, in the mode `token`.'),
    callers: section({
      match: {
        type: 'string',
        default: '/\\.mcollective$/',
        description: 'The names that may call, as `/regular expression/`.',
      },
      ca: pem('PEM file of the CAs that callers must be from; otherwise `security.ca`.'),
    }),
    tokens: section({
      revoked: pem('For a caller of machines with tokens: the file with the ids of revoked tokens.'),
      ledger: pem('For a caller of machines with tokens: the file in which uses are counted.'),
    }),
  }),
  topics: section({
    escape: {
      type: 'boolean',
      default: false,
      description:
        'Whether dots are written `%2E` in topics: on for NATS and RabbitMQ, the same in the whole network.',
    },
  }),
  collectives: {
    type: 'array',
    items: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' },
    minItems: 1,
    default: ['mcollective'],
  },
  logLevel: { enum: logLevels, default: 'info' },
  logFormat: {
    enum: logFormats,
    default: 'auto',
    description: 'Lines of text or of JSON; `auto`: text on a terminal and in the journal, otherwise JSON.',
  },
  file,
} as const;

/** How to reach the broker. */
export type BrokerConfig = ConfigOf<typeof sections.broker>;

/** Who this process is and whom it believes. Files are PEM. */
export type SecurityConfig = ConfigOf<typeof sections.security>;
