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
const seconds = { type: 'number', exclusiveMinimum: 0, format: 'seconds' } as const;

const common = {
  certname: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9._-]*$',
    description:
      'Certname of the server that runs the CA; its certificate is never revoked or cleaned (default: the identity of this node).',
  },
  address: { ...text, description: 'Address at which nodes connect to the CA, as `info` reports it.' },
  port: { ...port, description: 'Port at which nodes connect to the CA, as `info` reports it.' },
  // The holder of a certificate with a caller's name may call every agent: nodes must not get one.
  refuse: {
    type: 'string',
    pattern: '^/.+/i?$',
    default: '/\\.mcollective$/',
    description: 'Certnames that are never signed or cleaned.',
  },
  // Trusted facts decide what a node gets: it must not be able to choose them for itself.
  allow_extensions: {
    type: 'object',
    additionalProperties: text,
    default: {},
    description:
      'Extensions that requests may contain, by short name or OID, each with its value or a `/pattern/`.',
  },
  allow_alt_names: {
    type: 'array',
    items: text,
    default: [],
    description: 'Subject alternative names that requests may contain: names or `/patterns/`.',
  },
} as const;

/** The JSON Schemas of the agent's section, by backend. */
export const puppetcaSchemas = {
  http: section(
    {
      backend: { enum: ['http'], description: 'Use the CA of a Puppet Server through its HTTP API.' },
      ...common,
      certname: {
        ...common.certname,
        description:
          'Certname of the server that runs the CA; its certificate is never revoked or cleaned (default: the common name in `certificate`).',
      },
      address: {
        ...text,
        description:
          'Address at which nodes connect to the CA, as `info` reports it (default: the host in `url`).',
      },
      port: {
        ...port,
        description:
          'Port at which nodes connect to the CA, as `info` reports it (default: the port in `url`).',
      },
      url: { type: 'string', pattern: '^https://[^/\\s]+/?$', description: 'URL of the Puppet Server.' },
      ca: {
        ...path,
        description: "PEM file with the CA certificates against which the server's certificate is verified.",
      },
      certificate: {
        ...path,
        description:
          "PEM file with the client certificate. It must have the extension `pp_cli_auth`, as the server's own certificate does, or be permitted by a rule in `auth.conf`.",
      },
      key: { ...path, description: 'PEM file with the private key of `certificate`.' },
      crl: {
        ...path,
        description:
          "PEM file with revocation lists for the server's certificate (default: revocation is not checked). The CA's own file is always current; a node's copy is not.",
      },
      server_name: {
        ...text,
        description: "Name that the server's certificate must have (default: the host in `url`).",
      },
      timeout: { ...seconds, default: 15, description: 'Time limit of a request in seconds.' },
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
        description: 'Use the CA of a Puppet Server on this host through `puppetserver ca`.',
      },
      ...common,
      port: { ...common.port, default: 8140 },
      command: {
        ...text,
        default: 'puppetserver',
        description: 'Name or path of the `puppetserver` command.',
      },
      config: { ...path, description: "Path of `puppet.conf` (default: the command's own)." },
      cadir: { ...path, default: '/etc/puppet/puppetserver/ca', description: 'Folder of the CA.' },
      // Over TLS 1.3 Ruby's HTTP client stalls for 30 s with each second request.
      timeout: { ...seconds, default: 90, description: 'Time limit of a command in seconds.' },
    },
    'backend',
    'address',
  ),
  builtin: section(
    {
      backend: { enum: ['builtin'], description: 'Use a CA that this agent manages itself.' },
      ...common,
      address: {
        ...text,
        description:
          'Address at which nodes connect to the CA, as `info` reports it (default: `listen.address`).',
      },
      port: {
        ...port,
        description: 'Port at which nodes connect to the CA, as `info` reports it (default: `listen.port`).',
      },
      cadir: { ...path, description: "Folder of the CA (default: `ca` in the agent's state folder)." },
      days: { ...count, description: 'Validity of certificates in days (default: 1825).' },
      max_requests: { ...count, description: 'Maximum number of pending requests (default: 1000).' },
      alt_names: {
        type: 'array',
        items: text,
        default: [],
        description:
          "Names and addresses in the server's certificate, in addition to `certname`, `puppet` and `address`.",
      },
      listen: {
        ...optionalSection(
          {
            address: { ...text, description: 'Address to listen on.' },
            port: {
              type: 'integer',
              minimum: 0,
              maximum: 65_535,
              description: 'Port to listen on; 0 chooses a free port.',
            },
          },
          'address',
          'port',
        ),
        description: 'Server that nodes connect to; without this section no server is started.',
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
    throw invalid(`allow_extensions: "${name}" is neither a Puppet extension nor an OID`);
  }
  const known = extensionName(name);
  if (known === cliAuth || known === 'pp_authorization') {
    throw invalid(`allow_extensions: ${known} cannot be allowed: it grants rights over the CA itself`);
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
    throw invalid(`"${key}" is not a valid regular expression: ${text}`, { cause });
  }
}

/** What is allowed is allowed whole: `/web/` does not let `web.evil.example` through. */
function whole(key: string, text: string): RegExp {
  const [, body, flags] = /^\/(.+)\/(i?)$/s.exec(text) ?? [];
  if (body === undefined) return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
  return regularExpression(key, `/^(?:${body})$/${flags}`);
}
