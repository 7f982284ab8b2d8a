/** How to reach the broker. */
export interface BrokerConfig {
  /** `mqtts://host:8883` or, on this machine, `mqtt://127.0.0.1:1883`; tried in turn. */
  readonly urls: readonly string[];
  /** PEM file of the CAs that the broker's certificate may be from; `security.ca` otherwise. */
  readonly ca?: string;
  /** Seconds. */
  readonly keepalive: number;
}

/** Who this process is and whom it believes. Files are PEM. */
export interface SecurityConfig {
  readonly mode: 'x509' | 'token' | 'none';
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly crl?: string;
  readonly token?: string;
  readonly callers: {
    /** The names that may call, as `/regular expression/`. */
    readonly match: string;
    /** The CAs that callers must be from; `security.ca` otherwise. */
    readonly ca?: string;
  };
  /** For a client that orders machines with an enrolment token. */
  readonly tokens?: {
    /** The file with the ids of revoked tokens. */
    readonly revoked?: string;
    /** The file in which uses are counted. */
    readonly ledger?: string;
  };
}

const file = { type: 'string', minLength: 1 };

/** A closed object of a schema: what is not listed is refused. */
export function section(properties: Record<string, unknown>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false, default: {} };
}

const pem = (description: string) => ({ ...file, description });

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
  logLevel: { enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info' },
  file,
} as const;
