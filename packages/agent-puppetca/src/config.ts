import { type AgentConfig, checkConfig, TroupeError } from '@troupe/core';
import { cliAuth, extensionName, isExtensionName } from './ca/extension-names.js';
import type { SigningPolicy } from './ca/rules.js';

interface Common {
  /** The name of the Puppet Server that runs the CA. */
  certname?: string;
  /** Where nodes reach the CA, as `info` tells it. */
  address?: string;
  port?: number;
  /** Names that are neither signed nor cleaned. */
  refuse: RegExp;
  /** What requests may ask for beside a certificate of their name. */
  policy: SigningPolicy;
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

/** The section as the schema lets it through. */
type Checked<Config> = Config extends Common
  ? Omit<Config, 'refuse' | 'policy'> & {
      refuse: string;
      allow_extensions: Record<string, string>;
      allow_alt_names: string[];
    }
  : never;

const text = { type: 'string', minLength: 1 } as const;
const path = { type: 'string', pattern: '^/' } as const;
const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const seconds = { type: 'number', exclusiveMinimum: 0 } as const;
const name = { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]*$' } as const;

const common = {
  backend: { enum: ['http', 'cli', 'builtin'] },
  certname: name,
  address: text,
  port,
  // Whoever holds a certificate with a caller's name may call every agent: nodes must not get one.
  refuse: { type: 'string', pattern: '^/.+/i?$', default: '/\\.mcollective$/' },
  // Trusted facts decide what a node gets: it must not be able to choose them for itself.
  allow_extensions: { type: 'object', additionalProperties: text, default: {} },
  allow_alt_names: { type: 'array', items: text, default: [] },
};

const schemas = {
  http: {
    required: ['url', 'ca', 'certificate', 'key'],
    properties: {
      ...common,
      url: { type: 'string', pattern: '^https://[^/\\s]+/?$' },
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

/** Checks the agent's section and fills in defaults; throws CONFIG_INVALID with all that is wrong. */
export function readConfig(section: AgentConfig): PuppetcaConfig {
  const { backend } = section;
  if (backend !== 'http' && backend !== 'cli' && backend !== 'builtin') {
    throw invalid('"backend" must be one of http, cli, builtin');
  }
  const schema = { type: 'object', additionalProperties: false, ...schemas[backend] };
  // As a part of the whole, so that an error names the section.
  const { plugins } = checkConfig<{ plugins: { puppetca: Checked<PuppetcaConfig> } }>(
    { plugins: { puppetca: section } },
    { type: 'object', properties: { plugins: { type: 'object', properties: { puppetca: schema } } } },
    'configuration',
  );
  const { refuse, allow_extensions, allow_alt_names, ...config } = plugins.puppetca;
  return {
    ...config,
    refuse: regularExpression('refuse', refuse),
    policy: {
      extensions: new Map(
        Object.entries(allow_extensions).map(([name, pattern]) => [extension(name), whole(name, pattern)]),
      ),
      altNames: allow_alt_names.map((pattern) => whole('allow_alt_names', pattern)),
    },
  };
}

function extension(name: string): string {
  if (!isExtensionName(name)) {
    throw invalid(`allow_extensions: "${name}" is neither one of Puppet's extensions nor an OID`);
  }
  const known = extensionName(name);
  if (known === cliAuth || known === 'pp_authorization') {
    throw invalid(`allow_extensions: ${known} is never signed: it gives rights over the CA itself`);
  }
  return known;
}

/** An error that names the section of this agent. */
export function invalid(what: string, options?: ErrorOptions): TroupeError {
  return new TroupeError('CONFIG_INVALID', `configuration: plugins.puppetca: ${what}`, options);
}

function regularExpression(key: string, text: string): RegExp {
  const end = text.lastIndexOf('/');
  try {
    return new RegExp(text.slice(1, end), text.slice(end + 1));
  } catch (cause) {
    throw invalid(`"${key}" is no regular expression: ${text}`, { cause });
  }
}

/** What is allowed is allowed whole: `/web/` does not let `web.evil.example` through. */
function whole(key: string, text: string): RegExp {
  const [, body, flags] = /^\/(.+)\/(i?)$/s.exec(text) ?? [];
  if (body === undefined) return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
  return regularExpression(key, `/^(?:${body})$/${flags}`);
}
