import { join } from 'node:path';
import { puppetConfigKeys } from '@troupe/agent-puppetd/puppet';
import { type AgentConfig, type Host, TroupeError } from '@troupe/core';
import { Ajv, type ErrorObject, type JSONSchemaType } from 'ajv';

/** The section `provision` of the daemon's configuration. */
export interface ProvisionConfig {
  /** How Puppet is started: the keys of agent-puppetd's section. */
  readonly puppet: Readonly<Record<string, unknown>>;
  readonly hosts_file: string;
  /** What the Puppet server is called on this host; the first is the name that its certificate must have. */
  readonly puppet_names: readonly string[];
  /** Where the CA of the Puppet server answers. */
  readonly port: number;
  /** Of the RSA key of the host. */
  readonly key_bits: number;
  /** While this file exists, the agent is not there. */
  readonly disable_file: string;
  /** Whether puppet.conf gets the address of the server, for hosts whose hosts file cannot be used. */
  readonly server_in_conf: boolean;
  /** Whether the hosts file gets the address; by default where puppet.conf does not. */
  readonly server_in_hosts: boolean;
  /** What starts Puppet's daemon, a word each; by default Puppet itself. */
  readonly daemonize?: readonly string[];
}

type Given = { -readonly [K in keyof ProvisionConfig]?: ProvisionConfig[K] };

const name = '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$';

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    puppet: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(puppetConfigKeys.map((key) => [key, {}])),
    },
    hosts_file: { type: 'string', pattern: '^/' },
    puppet_names: { type: 'array', minItems: 1, items: { type: 'string', pattern: name } },
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
    key_bits: { type: 'integer', minimum: 2048, maximum: 8192 },
    disable_file: { type: 'string', pattern: '^/' },
    server_in_conf: { type: 'boolean' },
    server_in_hosts: { type: 'boolean' },
    daemonize: { type: 'array', minItems: 1, items: { type: 'string' } },
  },
};

const validate = new Ajv({ allErrors: true }).compile<Given>(schema as unknown as JSONSchemaType<Given>);

/** Reads the section, with what is left out; throws CONFIG_INVALID with all faults, each with its key. */
export function readConfig(section: AgentConfig, host: Pick<Host, 'stateDir'>): ProvisionConfig {
  const given: unknown = section;
  if (!validate(given)) {
    throw new TroupeError('CONFIG_INVALID', (validate.errors ?? []).map(faultOf).join('; '));
  }
  const server_in_conf = given.server_in_conf ?? false;
  const config = {
    puppet: {},
    hosts_file: '/etc/hosts',
    puppet_names: ['puppet'],
    port: 8140,
    key_bits: 4096,
    disable_file: join(host.stateDir, 'disabled'),
    server_in_conf,
    server_in_hosts: !server_in_conf,
    ...given,
  };
  return Object.freeze(config);
}

function faultOf({ instancePath, keyword, params, message }: ErrorObject): string {
  const key = instancePath.slice(1).replaceAll('/', '.');
  if (keyword === 'additionalProperties') {
    return `unknown key "${key && `${key}.`}${params.additionalProperty}"`;
  }
  return `"${key}" ${message ?? 'is not valid'}`;
}
