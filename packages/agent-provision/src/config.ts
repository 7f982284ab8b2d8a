import { join } from 'node:path';
import { puppetConfigKeys } from '@troupe/agent-puppetd/puppet';
import { type AgentConfig, checkConfig, type Host, section } from '@troupe/core';

/** The section `provision` of the daemon's configuration. */
export interface ProvisionConfig {
  /** How Puppet is started: the keys of agent-puppetd's section. */
  readonly puppet: Readonly<Record<string, unknown>>;
  readonly hosts_file: string;
  /** What the Puppet server is called on this host; the first is the name that its certificate must have. */
  readonly puppet_names: readonly string[];
  /** Where the CA of the Puppet server answers. */
  readonly port: number;
  /** As Puppet's setting of that name; `ec` is the curve prime256v1. */
  readonly key_type: 'rsa' | 'ec';
  /** Of the host's key where it is RSA. */
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

type Given = Omit<ProvisionConfig, 'disable_file' | 'server_in_hosts'> &
  Partial<Pick<ProvisionConfig, 'disable_file' | 'server_in_hosts'>>;

const absolute = { type: 'string', pattern: '^/' };
const name = { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' };

const schema = section({
  puppet: section(Object.fromEntries(puppetConfigKeys.map((key) => [key, {}]))),
  hosts_file: { ...absolute, default: '/etc/hosts' },
  puppet_names: { type: 'array', minItems: 1, items: name, default: ['puppet'] },
  port: { type: 'integer', minimum: 1, maximum: 65_535, default: 8140 },
  key_type: { enum: ['rsa', 'ec'], default: 'rsa' },
  key_bits: { type: 'integer', minimum: 2048, maximum: 8192, default: 4096 },
  disable_file: absolute,
  server_in_conf: { type: 'boolean', default: false },
  server_in_hosts: { type: 'boolean' },
  daemonize: { type: 'array', minItems: 1, items: { type: 'string' } },
});

/** Reads the section, with what is left out; throws CONFIG_INVALID with all faults, each with its key. */
export function readProvisionConfig(given: AgentConfig, host: Pick<Host, 'stateDir'>): ProvisionConfig {
  const config = checkConfig<Given>(given, schema, 'plugins.provision');
  return Object.freeze({
    disable_file: join(host.stateDir, 'disabled'),
    server_in_hosts: !config.server_in_conf,
    ...config,
  });
}
