import { join } from 'node:path';
import { puppetKeys } from '@troupe/agent-puppetd/puppet';
import { type AgentConfig, type ConfigOf, checkConfig, type Host, section } from '@troupe/core';

const absolute = { type: 'string', pattern: '^/' } as const;

/** The JSON Schema of the section `provision` of the daemon's configuration. */
export const provisionSchema = section({
  puppet: section(puppetKeys),
  hosts_file: {
    ...absolute,
    default: '/etc/hosts',
    description: 'The hosts file that maps the names of the Puppet server to the address of the master.',
  },
  puppet_names: {
    type: 'array',
    minItems: 1,
    items: { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' },
    default: ['puppet'],
    description: 'Names of the Puppet server on this host; its certificate must be valid for the first one.',
  },
  port: {
    type: 'integer',
    minimum: 1,
    maximum: 65_535,
    default: 8140,
    description: 'The port of the CA on the Puppet server.',
  },
  key_type: {
    enum: ['rsa', 'ec'],
    default: 'rsa',
    description:
      "The type of the host's key, as in Puppet's setting `key_type`; `ec` uses the curve prime256v1.",
  },
  key_bits: {
    type: 'integer',
    minimum: 2048,
    maximum: 8192,
    default: 4096,
    description: "The size of the host's key if `key_type` is `rsa`.",
  },
  disable_file: {
    ...absolute,
    description:
      "While this file exists, the agent is disabled; default: `disabled` in the agent's state folder.",
  },
  server_in_conf: {
    type: 'boolean',
    default: false,
    description:
      'Whether to write the address of the Puppet server to puppet.conf, for hosts whose hosts file cannot be changed.',
  },
  server_in_hosts: {
    type: 'boolean',
    description:
      'Whether to write the address of the Puppet server to the hosts file; default: true unless `server_in_conf` is true.',
  },
  daemonize: {
    type: 'array',
    minItems: 1,
    items: { type: 'string' },
    description:
      'The command that starts the Puppet daemon, as a list of words; default: `puppet agent` with the settings above.',
  },
});

/** The section `provision`, with what is left out. */
export type ProvisionConfig = ConfigOf<typeof provisionSchema> & {
  readonly disable_file: string;
  readonly server_in_hosts: boolean;
};

/** Reads the section, with what is left out; throws CONFIG_INVALID with all faults, each with its key. */
export function readProvisionConfig(given: AgentConfig, host: Pick<Host, 'stateDir'>): ProvisionConfig {
  const config = checkConfig(given, provisionSchema, 'plugins.provision');
  return Object.freeze({
    ...config,
    disable_file: config.disable_file ?? join(host.stateDir, 'disabled'),
    server_in_hosts: config.server_in_hosts ?? !config.server_in_conf,
  });
}
