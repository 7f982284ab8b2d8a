import { type AgentConfig, type ConfigOf, checkConfig, section } from '@troupe/core';
import { puppetKeys } from './puppet/index.js';
import { type ResourceRules, readResourceRules, resourceSchema } from './resource-rules.js';

const flag = (byDefault: boolean, description: string) =>
  ({ type: 'boolean', default: byDefault, description }) as const;
const seconds = (byDefault: number, description: string) =>
  ({ type: 'number', minimum: 1, format: 'seconds', default: byDefault, description }) as const;

/** The JSON Schema of the agent's section: what goes to Puppet, and what the agent itself is configured with. */
export const puppetdSchema = section({
  ...puppetKeys,
  splay: flag(true, 'Whether background runs wait for a random time first, unless `force` is set.'),
  splaylimit: seconds(30, 'Maximum random wait in seconds.'),
  signal_daemon: flag(
    true,
    "Whether a background run without other options is triggered in Puppet's daemon (SIGUSR1), if that is running.",
  ),
  allow_server_override: flag(
    false,
    'Whether callers may choose the Puppet server. A caller that may do so controls this host (CVE-2015-7331).',
  ),
  run_timeout: seconds(3600, 'Time limit of a Puppet run in seconds (`--runtimeout`).'),
  resource: resourceSchema,
});

/** What the agent is configured with, complete with its defaults. */
export type PuppetdConfig = Omit<ConfigOf<typeof puppetdSchema>, 'resource'> & {
  readonly resource: ResourceRules;
};

/** Reads the agent's section, defaults filled in; throws CONFIG_INVALID with all faults, each with its key. */
export function readPuppetdConfig(given: AgentConfig): PuppetdConfig {
  const config = checkConfig(given, puppetdSchema, 'plugins.puppetd');
  return { ...config, resource: readResourceRules(config.resource) };
}
