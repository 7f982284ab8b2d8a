import { isAbsolute } from 'node:path';
import { type AgentConfig, TroupeError } from '@troupe/core';
import { Ajv, type ErrorObject } from 'ajv';

interface Common {
  /** The name of the Puppet Server that runs the CA. */
  certname?: string;
  /** Where nodes reach the CA, as `info` tells it. */
  address?: string;
  port?: number;
  /** Names that are neither signed nor cleaned. */
  refuse: RegExp;
}

/** The CA of a Puppet Server through its HTTP API. */
export interface HttpConfig extends Common {
  backend: 'http';
  url: string;
  ca: string;
  certificate: string;
  key: string;
  crl?: string;
  server_name?: string;
  timeout: number;
}

/** The CA of a Puppet Server on this host through `puppetserver ca`. */
export interface CliConfig extends Common {
  backend: 'cli';
  command: string;
  /** puppet.conf */
  config?: string;
  cadir: string;
  address: string;
  port: number;
  timeout: number;
}

/** A CA of Troupe's own. */
export interface BuiltinConfig extends Common {
  backend: 'builtin';
  cadir?: string;
  days?: number;
  max_requests?: number;
  alt_names: string[];
  listen?: { address: string; port: number };
}

export type PuppetcaConfig = HttpConfig | CliConfig | BuiltinConfig;

const text = { type: 'string', minLength: 1 } as const;
const path = { type: 'string', format: 'absolute-path' } as const;
const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const seconds = { type: 'number', exclusiveMinimum: 0 } as const;
const name = { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]*$' } as const;

const common = {
  backend: { enum: ['http', 'cli', 'builtin'] },
  certname: name,
  address: text,
  port,
  // Whoever holds a certificate with a caller's name may call every agent: nodes must not get one.
  refuse: { type: 'string', format: 'pattern', default: '/\\.mcollective$/' },
};

const schemas = {
  http: {
    required: ['url', 'ca', 'certificate', 'key'],
    properties: {
      ...common,
      url: { type: 'string', format: 'https-url' },
      ca: path,
      certificate: path,
      key: path,
      crl: path,
      server_name: text,
      timeout: { ...seconds, default: 15 },
    },
  },
  cli: {
    required: ['address'],
    properties: {
      ...common,
      port: { ...port, default: 8140 },
      command: { ...text, default: 'puppetserver' },
      config: path,
      cadir: { ...path, default: '/etc/puppet/puppetserver/ca' },
      // Over TLS 1.3 Ruby's HTTP client stalls for 30 s with each second request.
      timeout: { ...seconds, default: 90 },
    },
  },
  builtin: {
    required: [],
    properties: {
      ...common,
      cadir: path,
      days: { type: 'integer', minimum: 1 },
      max_requests: { type: 'integer', minimum: 1 },
      alt_names: { type: 'array', items: text, default: [] },
      listen: {
        type: 'object',
        required: ['address', 'port'],
        properties: { address: text, port: { type: 'integer', minimum: 0, maximum: 65_535 } },
        additionalProperties: false,
      },
    },
  },
} as const;

const ajv = new Ajv({ useDefaults: true, allErrors: true, strict: false });
ajv.addFormat('absolute-path', isAbsolute);
ajv.addFormat('https-url', (url: string) => URL.canParse(url) && new URL(url).protocol === 'https:');
ajv.addFormat('pattern', (pattern: string) => patternOf(pattern) !== undefined);

const formats: Readonly<Record<string, string>> = {
  'absolute-path': 'must be an absolute path',
  'https-url': 'must be a URL like https://ca.example.net:8140',
  pattern: 'must be a regular expression between slashes, such as /\\.mcollective$/',
};

/** Checks the agent's section and fills in defaults; throws CONFIG_INVALID with all that is wrong. */
export function readConfig(section: AgentConfig): PuppetcaConfig {
  const backend = section.backend;
  if (backend !== 'http' && backend !== 'cli' && backend !== 'builtin') {
    throw invalid('backend must be one of http, cli and builtin');
  }
  const config = structuredClone(section);
  const validate = ajv.compile({ type: 'object', additionalProperties: false, ...schemas[backend] });
  if (!validate(config)) throw invalid((validate.errors ?? []).map(fault).join('; '));
  return { ...config, refuse: patternOf(String(config.refuse)) } as unknown as PuppetcaConfig;
}

/** An error that names the section of this agent. */
export function invalid(what: string): TroupeError {
  return new TroupeError('CONFIG_INVALID', `puppetca: ${what}`);
}

function patternOf(text: string): RegExp | undefined {
  const [, source, flags] = /^\/(.+)\/(i?)$/.exec(text) ?? [];
  if (source === undefined) return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    // The fault is told with the format's own words.
    return undefined;
  }
}

function fault(error: ErrorObject): string {
  const place = error.instancePath.slice(1).replaceAll('/', '.');
  const within = place === '' ? '' : `${place}.`;
  if (error.keyword === 'required') return `${within}${error.params.missingProperty} is missing`;
  if (error.keyword === 'additionalProperties') {
    return `${within}${error.params.additionalProperty} is no key of this agent`;
  }
  if (error.keyword === 'format') return `${place} ${formats[error.params.format]}`;
  return `${place} ${error.message}`;
}
