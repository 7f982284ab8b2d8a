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

/** The schemas of the sections that the daemon's and the client's configuration share. */
export const sections = {
  broker: section({
    urls: { type: 'array', items: { type: 'string', format: 'mqtt-url' }, default: [] },
    ca: file,
    keepalive: { type: 'integer', minimum: 5, maximum: 3600, default: 30 },
  }),
  security: section({
    mode: { enum: ['x509', 'token', 'none'], default: 'x509' },
    ca: file,
    certificate: file,
    key: file,
    crl: file,
    token: file,
    callers: section({ match: { type: 'string', default: '/\\.mcollective$/' }, ca: file }),
    tokens: section({ revoked: file, ledger: file }),
  }),
  topics: section({ escape: { type: 'boolean', default: false } }),
  collectives: {
    type: 'array',
    items: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' },
    minItems: 1,
    default: ['mcollective'],
  },
  logLevel: { enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info' },
  file,
} as const;
