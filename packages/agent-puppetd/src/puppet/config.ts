import { isAbsolute } from 'node:path';
import { TroupeError } from '@troupe/core';

/** How Puppet is started on this host. */
export interface PuppetConfig {
  /** The words before `agent` or `config`: the executable, or a stand-in with its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly confdir: string | undefined;
  /** Settings of Puppet as command-line arguments; they go with every command. */
  readonly extraArgs: readonly string[];
  /** The environment of every command, nothing of the daemon's own but its HOME. */
  readonly env: Readonly<Record<string, string>>;
}

/** The keys of a configuration section that `readPuppetConfig` takes; the agent judges all others. */
export const puppetConfigKeys = ['command', 'confdir', 'extra_args', 'env'] as const;

// AIO packages install to /opt/puppetlabs, distributions to /usr/bin. Without a PATH Puppet's providers fail.
const defaultPath = '/opt/puppetlabs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Reads the Puppet part of an agent's section; throws CONFIG_INVALID, naming the key. */
export function readPuppetConfig(section: Readonly<Record<string, unknown>>): PuppetConfig {
  const [first, ...rest] = words(section, 'command', ['puppet']);
  if (!first) throw invalid('command', 'name an executable, such as "puppet"');
  const { confdir } = section;
  if (confdir !== undefined && (typeof confdir !== 'string' || !isAbsolute(confdir))) {
    throw invalid('confdir', 'give an absolute path');
  }
  return {
    command: [first, ...rest],
    confdir,
    extraArgs: words(section, 'extra_args', []),
    // Puppet's messages are matched in English; C.UTF-8 also keeps file names with other letters whole.
    env: { PATH: defaultPath, LANG: 'C.UTF-8', ...home(), ...strings(section, 'env') },
  };
}

function words(section: Readonly<Record<string, unknown>>, key: string, missing: string[]): string[] {
  const value = section[key] ?? missing;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((word) => typeof word === 'string' && !word.includes('\0'))) {
    return value as string[];
  }
  throw invalid(key, 'give a list of words');
}

function strings(section: Readonly<Record<string, unknown>>, key: string): Record<string, string> {
  const value = section[key] ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(key, 'give a map');
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(`${key}.${name}`, 'give a string; put numbers in quotes');
  }
  return value as Record<string, string>;
}

function home(): Record<string, string> {
  return process.env.HOME === undefined ? {} : { HOME: process.env.HOME };
}

function invalid(key: string, advice: string): TroupeError {
  return new TroupeError('CONFIG_INVALID', `The Puppet setting "${key}" is not valid: ${advice}`);
}
