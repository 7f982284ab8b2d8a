import { checkConfig, TroupeError } from '@troupe/core';

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

const word = { type: 'string', pattern: '^[^\\0]*$' } as const;

/** The keys of a configuration section that say how Puppet is started; the section of an agent has others beside them. */
export const puppetKeys = {
  command: {
    type: ['string', 'array'],
    items: word,
    minItems: 1,
    minLength: 1,
    pattern: word.pattern,
    default: 'puppet',
    description: 'Puppet executable, or a list of words to put before `agent` and `config`.',
  },
  confdir: {
    type: 'string',
    pattern: '^/',
    description: "Passed to Puppet as `--confdir` (default: Puppet's own).",
  },
  extra_args: {
    type: ['string', 'array'],
    items: word,
    pattern: word.pattern,
    default: [],
    description: 'Puppet settings as command-line arguments, added to every command.',
  },
  env: {
    type: 'object',
    additionalProperties: { type: 'string' },
    default: {},
    description:
      "Environment variables for Puppet; may override `PATH` and `LANG`. Of the daemon's environment, Puppet gets only `HOME`.",
  },
} as const;

/** The schema of a section that has them. */
export const puppetSchema = { type: 'object', properties: puppetKeys } as const;

// AIO packages install to /opt/puppetlabs, distributions to /usr/bin. Without a PATH Puppet's providers fail.
const defaultPath = '/opt/puppetlabs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Reads the Puppet part of an agent's section; throws CONFIG_INVALID, naming the key. */
export function readPuppetConfig(section: Readonly<Record<string, unknown>>): PuppetConfig {
  const { command, confdir, extra_args, env } = checkConfig(section, puppetSchema, 'Puppet settings');
  const [first, ...rest] = words(command);
  if (!first)
    throw new TroupeError('CONFIG_INVALID', 'Puppet settings: command: must begin with an executable');
  return {
    command: [first, ...rest],
    confdir,
    extraArgs: words(extra_args),
    // Puppet's messages are matched in English; C.UTF-8 also keeps file names with other letters whole.
    env: { PATH: defaultPath, LANG: 'C.UTF-8', ...home(), ...env },
  };
}

function words(text: string | readonly string[]): readonly string[] {
  return typeof text === 'string' ? [text] : text;
}

function home(): Record<string, string> {
  return process.env.HOME === undefined ? {} : { HOME: process.env.HOME };
}
