import { type AgentConfig, TroupeError } from '@troupe/core';
import { puppetConfigKeys } from './puppet/index.js';
import { type ResourceRules, readResourceRules } from './resource-rules.js';

/** What the agent itself is configured with; the keys of `puppetConfigKeys` go to Puppet. */
export interface PuppetdConfig {
  /** Whether runs in the background wait for a random time first, unless forced. */
  readonly splay: boolean;
  /** Seconds. */
  readonly splaylimit: number;
  /** Whether a plain run is left to Puppet's daemon where it runs. */
  readonly signalDaemon: boolean;
  /** Whether callers may choose the server: whoever can do that decides what this host becomes (CVE-2015-7331). */
  readonly allowServerOverride: boolean;
  /** Seconds after which Puppet ends a run by itself. */
  readonly runTimeout: number;
  /** Which resources callers may manage one by one. */
  readonly resource: ResourceRules;
}

const ownKeys = ['splay', 'splaylimit', 'signal_daemon', 'allow_server_override', 'run_timeout', 'resource'];

/** Reads the agent's section, defaults filled in; throws CONFIG_INVALID, naming the key. */
export function readConfig(section: AgentConfig): PuppetdConfig {
  const known: readonly string[] = [...ownKeys, ...puppetConfigKeys];
  const unknown = Object.keys(section).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(unknown, `there is no such key; known are ${known.join(', ')}`);
  return {
    splay: flag(section, 'splay', true),
    splaylimit: seconds(section, 'splaylimit', 30),
    signalDaemon: flag(section, 'signal_daemon', true),
    allowServerOverride: flag(section, 'allow_server_override', false),
    runTimeout: seconds(section, 'run_timeout', 3600),
    resource: readResourceRules(section, invalid),
  };
}

function flag(section: AgentConfig, key: string, missing: boolean): boolean {
  const value = section[key] ?? missing;
  if (typeof value !== 'boolean') throw invalid(key, 'say true or false');
  return value;
}

function seconds(section: AgentConfig, key: string, missing: number): number {
  const value = section[key] ?? missing;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 1) {
    throw invalid(key, 'give a number of seconds');
  }
  return value;
}

function invalid(key: string, advice: string): TroupeError {
  return new TroupeError('CONFIG_INVALID', `Agent puppetd: the key "${key}" is not valid: ${advice}`);
}
