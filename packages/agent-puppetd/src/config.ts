import { type AgentConfig, type ConfigOf, checkConfig, section } from '@troupe/core';
import { puppetKeys } from './puppet/index.js';
import { type ResourceRules, readResourceRules, resourceSchema } from './resource-rules.js';

const flag = (byDefault: boolean, description: string) =>
  ({ type: 'boolean', default: byDefault, description }) as const;
const seconds = (byDefault: number, description: string) =>
  ({ type: 'number', minimum: 1, default: byDefault, description }) as const;

/** The JSON Schema of the agent's section: what goes to Puppet, and what the agent itself is configured with. */
export const puppetdSchema = section({
  ...puppetKeys,
  splay: flag(true, 'Whether runs in the background wait for a random time first, unless forced.'),
  splaylimit: seconds(30, 'Seconds that they wait at most.'),
  signal_daemon: flag(
    true,
    "Whether a plain run in the background is left to Puppet's daemon if that is running.",
  ),
  allow_server_override: flag(
    false,
    'Whether callers may choose the Puppet server: whoever can do that decides what this host becomes (CVE-2015-7331).',
  ),
  run_timeout: seconds(3600, 'Seconds after which Puppet ends a run by itself.'),
  resource: resourceSchema,
});

/** What the agent is configured with, complete with its defaults. */
export type PuppetdConfig = Omit<ConfigOf<typeof puppetdSchema>, 'resource'> & {
  readonly resource: ResourceRules;
};

/** Reads the agent's section, defaults filled in; throws CONFIG_INVALID with all faults, each with its key. */
export function readConfig(given: AgentConfig): PuppetdConfig {
  const config = checkConfig(given, puppetdSchema, 'plugins.puppetd');
  return { ...config, resource: readResourceRules(config.resource) };
}
