import { createHash } from 'node:crypto';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { TroupeError } from '@troupe/core';
import { makeFolder, replaceFile } from '@troupe/core/durable-file';
import { CapturedOutput, NotStartedError, runProgram } from '@troupe/host';
import type { PuppetConfig } from './config.js';
import { expectedSettings } from './expected-settings.js';
import { readIfPresent } from './file.js';
import { type AssumedSettings, settingNames as names, type PuppetSettings } from './setting-names.js';

interface Cached {
  readonly key: string;
  readonly settings: PuppetSettings;
}

/**
 * Asks Puppet for its settings, which takes seconds, and keeps the answer in memory and in a file until the
 * executable, puppet.conf or the host's name changes.
 */
export class SettingsReader {
  readonly #config: PuppetConfig;
  readonly #file: string;
  readonly #expected: typeof expectedSettings;
  #cached: Cached | undefined;
  #reading: Promise<PuppetSettings> | undefined;

  /** `expected` can be replaced for tests. */
  constructor(config: PuppetConfig, stateDir: string, expected: typeof expectedSettings = expectedSettings) {
    this.#config = config;
    this.#expected = expected;
    this.#file = join(stateDir, 'puppet-settings.json');
  }

  /** The current settings; throws CONFIG_INVALID if Puppet is not installed or prints no settings. */
  read(): Promise<PuppetSettings> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * The settings without a wait for Puppet, if they are certain, while Puppet is asked in the background; otherwise as
   * {@link read}.
   */
  async assume(): Promise<AssumedSettings> {
    const executable = await findExecutable(this.#config);
    const known = await this.#known(executable);
    const expected = known ? undefined : await this.#expected(this.#config, executable);
    if (!expected) {
      const settings = known ?? (await this.read());
      return { settings, confirmed: Promise.resolve(settings) };
    }
    const confirmed = this.read();
    // Whoever needs the answer gets its failure.
    confirmed.catch(() => undefined);
    return { settings: expected, confirmed };
  }

  async #known(executable: string): Promise<PuppetSettings | undefined> {
    const cached = this.#cached ?? (await this.#load());
    if (!cached || cached.key !== (await keyOf(this.#config, executable, cached.settings.config)))
      return undefined;
    this.#cached = cached;
    return cached.settings;
  }

  async #read(): Promise<PuppetSettings> {
    const executable = await findExecutable(this.#config);
    const known = await this.#known(executable);
    if (known) return known;
    const settings = await ask(this.#config, executable);
    this.#cached = { key: await keyOf(this.#config, executable, settings.config), settings };
    await makeFolder(join(this.#file, '..'));
    await replaceFile(this.#file, JSON.stringify(this.#cached), { mode: 0o600 });
    return settings;
  }

  async #load(): Promise<Cached | undefined> {
    const text = await readIfPresent(this.#file);
    if (text === undefined) return;
    try {
      const cached = JSON.parse(text) as Cached;
      return names.every((name) => typeof cached.settings[name] === 'string') ? cached : undefined;
    } catch {
      return; // If the cache does not parse, Puppet is asked again.
    }
  }
}

/** The path of the first word of the command; throws CONFIG_INVALID if there is no such executable. */
export async function findExecutable({ command, env }: PuppetConfig): Promise<string> {
  const [name] = command;
  const folders = name.includes('/') ? [''] : (env.PATH ?? '').split(':').filter(isAbsolute);
  for (const folder of folders) {
    const path = folder === '' ? name : join(folder, name);
    const isUsable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isUsable) return path;
  }
  throw new TroupeError(
    'CONFIG_INVALID',
    folders[0] === ''
      ? `Puppet not found: "${name}" does not exist or is not executable`
      : `Puppet not found: no executable "${name}" in ${env.PATH}`,
  );
}

async function ask(config: PuppetConfig, executable: string): Promise<PuppetSettings> {
  const [, ...words] = config.command;
  const args = [...words, 'config', 'print', '--section', 'agent', '--color=false'];
  if (config.confdir !== undefined) args.push('--confdir', config.confdir);
  const [stdout, stderr] = [new CapturedOutput(), new CapturedOutput()];
  const end = await runProgram({
    command: executable,
    args: [...args, ...config.extraArgs, ...names],
    env: config.env,
    stdout,
    stderr,
    timeLimit: 120_000,
  }).catch((error: unknown) => {
    if (error instanceof NotStartedError) throw unanswered(executable, error.message, error);
    throw error;
  });
  const printed = new Map(
    stdout.text.split('\n').map((line) => {
      const at = line.indexOf(' = ');
      return [line.slice(0, at), line.slice(at + 3)] as const;
    }),
  );
  const missing = names.filter((name) => !printed.has(name));
  if (end.code !== 0 || missing.length > 0) {
    const firstError = stderr.text.split('\n').find((line) => line !== '');
    throw unanswered(executable, firstError ?? `no value printed for ${missing.join(', ')}`);
  }
  return Object.fromEntries(names.map((name) => [name, printed.get(name)])) as PuppetSettings;
}

function unanswered(executable: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError('CONFIG_INVALID', `"${executable} config print" failed: ${why.slice(0, 300)}`, {
    cause,
  });
}

// All that the answer depends on and that changes on a living host: what is asked, of whom, puppet.conf, and
// the names from which Puppet makes its default certname.
async function keyOf(config: PuppetConfig, executable: string, puppetConf: string): Promise<string> {
  const domain = (await readIfPresent('/etc/resolv.conf'))?.match(/^(domain|search)\b.*$/gm) ?? [];
  const host = (await readIfPresent('/etc/hosts'))
    ?.split('\n')
    .filter((line) => line.split(/[\s.]+/).includes(hostname().split('.')[0] ?? ''));
  const facts = [
    config,
    names,
    await traceOf(await realpath(executable)),
    await traceOf(puppetConf),
    hostname(),
    domain,
    host,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

async function traceOf(path: string): Promise<unknown> {
  const found = await stat(path).catch(() => undefined);
  return [path, found && [found.mtimeMs, found.size, found.ino]];
}
