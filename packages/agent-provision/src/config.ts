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
    description: 'The hosts file in which the name of the Puppet server gets the address of the master.',
  },
  puppet_names: {
    type: 'array',
    minItems: 1,
    items: { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' },
    default: ['puppet'],
    description:
      'What the Puppet server is called on this host; the first is the name that its certificate must have.',
  },
  port: {
    type: 'integer',
    minimum: 1,
    maximum: 65_535,
    default: 8140,
    description: 'The port on which the CA of the Puppet server answers.',
  },
  key_type: {
    enum: ['rsa', 'ec'],
    default: 'rsa',
    description:
      "The type of the host's key, as Puppet's setting of that name; `ec` is the curve prime256v1.",
  },
  key_bits: {
    type: 'integer',
    minimum: 2048,
    maximum: 8192,
    default: 4096,
    description: "The size of the host's key if it is RSA.",
  },
  disable_file: {
    ...absolute,
    description:
      "While this file exists, the agent does not apply; otherwise `disabled` in the agent's state folder.",
  },
  server_in_conf: {
    type: 'boolean',
    default: false,
    description:
      'Whether puppet.conf gets the address of the server, for hosts whose hosts file cannot be used.',
  },
  server_in_hosts: {
    type: 'boolean',
    description: 'Whether the hosts file gets the address; by default unless puppet.conf does.',
  },
  daemonize: {
    type: 'array',
    minItems: 1,
    items: { type: 'string' },
    description: "The command that starts Puppet's daemon, word by word; otherwise Puppet itself.",
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
