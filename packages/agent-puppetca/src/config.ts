import {
  type AgentConfig,
  type ConfigOf,
  checkConfig,
  optionalSection,
  section,
  TroupeError,
} from '@troupe/core';
import { cliAuth, extensionName, isExtensionName } from './ca/extension-names.js';
import type { SigningPolicy } from './ca/rules.js';

const text = { type: 'string', minLength: 1 } as const;
const path = { type: 'string', pattern: '^/' } as const;
const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const count = { type: 'integer', minimum: 1 } as const;
const seconds = { type: 'number', exclusiveMinimum: 0 } as const;

const common = {
  certname: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9._-]*$',
    description:
      'The name of the server that runs the CA; its certificate is never revoked or cleaned. Otherwise the identity of this node.',
  },
  address: { ...text, description: 'Where nodes reach the CA, as `info` reports it.' },
  port: { ...port, description: 'The port for that.' },
  // Whoever holds a certificate with a caller's name may call every agent: nodes must not get one.
  refuse: {
    type: 'string',
    pattern: '^/.+/i?$',
    default: '/\\.mcollective$/',
    description: 'Names that are neither signed nor cleaned.',
  },
  // Trusted facts decide what a node gets: it must not be able to choose them for itself.
  allow_extensions: {
    type: 'object',
    additionalProperties: text,
    default: {},
    description:
      'The extensions that requests may ask for, by short name or OID, each with its value or `/pattern/`.',
  },
  allow_alt_names: {
    type: 'array',
    items: text,
    default: [],
    description: 'The alternative names that requests may ask for: each a name or a `/pattern/`.',
  },
} as const;

/** The JSON Schemas of the agent's section, by backend. */
export const puppetcaSchemas = {
  http: section(
    {
      backend: { enum: ['http'], description: 'The CA of a Puppet Server through its HTTP API.' },
      ...common,
      certname: {
        ...common.certname,
        description:
          'The name of the server that runs the CA; its certificate is never revoked or cleaned. Otherwise the name in `certificate`.',
      },
      address: {
        ...text,
        description: 'Where nodes reach the CA, as `info` reports it; otherwise as in `url`.',
      },
      port: { ...port, description: 'The port for that; otherwise as in `url`.' },
      url: { type: 'string', pattern: '^https://[^/\\s]+/?$', description: 'The Puppet Server.' },
      ca: { ...path, description: "PEM file: the CAs that the server's certificate may be from." },
      certificate: {
        ...path,
        description:
          "PEM file: the certificate shown to the server. It must carry `pp_cli_auth`, as the server's own does, or be named in `auth.conf`.",
      },
      key: { ...path, description: 'PEM file: its key.' },
      crl: {
        ...path,
        description:
          "PEM file: revocation lists against which the server's certificate is checked; otherwise it is not. The CA's own file is always fresh; a node's copy is not.",
      },
      server_name: {
        ...text,
        description: "The name that the server's certificate must have; otherwise the host in `url`.",
      },
      timeout: { ...seconds, default: 15, description: 'Seconds for one request.' },
    },
    'backend',
    'url',
    'ca',
    'certificate',
    'key',
  ),
  cli: section(
    {
      backend: {
        enum: ['cli'],
        description: 'The CA of a Puppet Server on this host through `puppetserver ca`.',
      },
      ...common,
      port: { ...common.port, default: 8140 },
      command: { ...text, default: 'puppetserver', description: 'The command, or its path.' },
      config: { ...path, description: "`puppet.conf`; otherwise the command's own." },
      cadir: { ...path, default: '/etc/puppet/puppetserver/ca', description: 'The folder of the CA.' },
      // Over TLS 1.3 Ruby's HTTP client stalls for 30 s with each second request.
      timeout: { ...seconds, default: 90, description: 'Seconds for one command.' },
    },
    'backend',
    'address',
  ),
  builtin: section(
    {
      backend: { enum: ['builtin'], description: "A CA of Troupe's own." },
      ...common,
      address: {
        ...text,
        description: 'Where nodes reach the CA, as `info` reports it; otherwise `listen.address`.',
      },
      port: { ...port, description: 'The port for that; otherwise `listen.port`.' },
      cadir: { ...path, description: "The folder of the CA; otherwise `ca` in the agent's state folder." },
      days: { ...count, description: 'How many days certificates are valid; 1825 by default.' },
      max_requests: { ...count, description: 'How many requests may wait; 1000 by default.' },
      alt_names: {
        type: 'array',
        items: text,
        default: [],
        description:
          "Names and addresses in the server's certificate beside `certname`, `puppet` and `address`.",
      },
      listen: {
        ...optionalSection(
          {
            address: { ...text, description: 'The address of the server for nodes.' },
            port: {
              type: 'integer',
              minimum: 0,
              maximum: 65_535,
              description: 'Its port; 0 is any free one.',
            },
          },
          'address',
          'port',
        ),
        description: 'The server for nodes; without this section there is none.',
      },
    },
    'backend',
  ),
} as const;

type Checked<Backend extends keyof typeof puppetcaSchemas> = ConfigOf<(typeof puppetcaSchemas)[Backend]>;

/** The section with its patterns compiled: `policy` is what requests may ask for beside a certificate of their name. */
type Complete<Config> = Omit<Config, 'refuse' | 'allow_extensions' | 'allow_alt_names'> & {
  readonly refuse: RegExp;
  readonly policy: SigningPolicy;
};

/** The CA of a Puppet Server through its HTTP API. */
export type HttpConfig = Complete<Checked<'http'>>;
/** The CA of a Puppet Server on this host through `puppetserver ca`. */
export type CliConfig = Complete<Checked<'cli'>>;
/** A CA of Troupe's own. */
export type BuiltinConfig = Complete<Checked<'builtin'>>;

export type PuppetcaConfig = HttpConfig | CliConfig | BuiltinConfig;

const where = 'plugins.puppetca';

/** Checks the agent's section and fills in defaults; throws CONFIG_INVALID with all that is wrong. */
export function readPuppetcaConfig(given: AgentConfig): PuppetcaConfig {
  const { http, cli, builtin } = puppetcaSchemas;
  if (given.backend === 'http') return complete(checkConfig(given, http, where));
  if (given.backend === 'cli') return complete(checkConfig(given, cli, where));
  if (given.backend === 'builtin') return complete(checkConfig(given, builtin, where));
  throw invalid('"backend" must be one of http, cli, builtin');
}

function complete<Config extends Checked<keyof typeof puppetcaSchemas>>({
  refuse,
  allow_extensions,
  allow_alt_names,
  ...config
}: Config): Complete<Config> {
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
  return new TroupeError('CONFIG_INVALID', `${where}: ${what}`, options);
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
