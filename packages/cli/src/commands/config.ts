import { readFileSync } from 'node:fs';
import { type ClientConfig, configPlaces, findClientConfig, localCaller } from '@troupe/client';
import { clientSecurity, parseConfig } from '@troupe/core';
import type { Command } from 'commander';
import { describe } from '../description.js';
import { ExitCode } from '../exit.js';
import { type GlobalOptions, withJson } from '../options.js';
import { printJson } from '../output/json.js';
import { readConfig } from '../session.js';
import type { Shell } from '../shell.js';

type ConfigOptions = GlobalOptions & { readonly json?: true };

export function define(command: Command, shell: Shell): void {
  command.description('The configuration in use, and where each value is from.');
  const show = command.command('show', { isDefault: true }).summary('Every value, and where it is from');
  describe(show, 'Shows every value of the configuration, and whether the file or a default says so.', [
    ['The configuration that mco would use', 'mco config'],
  ]);
  withJson(show).action(shell.action(() => showConfig(shell, show.optsWithGlobals<ConfigOptions>())));

  const check = command.command('check').summary('Whether it is sound, certificate and key included');
  describe(check, 'Checks the configuration, with the certificate, the key and the CA that it names.', [
    ['A file that is not in use yet', 'mco config check --config new.yaml'],
  ]);
  check.action(shell.action(() => checkConfig(shell, check.optsWithGlobals<ConfigOptions>())));
}

interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly from: 'file' | 'default';
}

function showConfig({ screen }: Shell, options: ConfigOptions): ExitCode {
  const file = findClientConfig(options.config);
  const config = readConfig({ config: file });
  const written = parseConfig<Record<string, unknown>>(readFileSync(file, 'utf8'), { type: 'object' }, file);
  const settings = settingsOf(config, written);
  if (options.json) printJson(screen, { file, found_by: foundBy(options), settings });
  else {
    screen.print(`${file} (${foundBy(options)})\n`);
    const widest = Math.max(...settings.map(({ key }) => key.length));
    for (const { key, value, from } of settings) {
      const origin = from === 'default' ? screen.paint('dim', '   # default') : '';
      screen.print(`   ${key.padEnd(widest)} = ${JSON.stringify(value)}${origin}`);
    }
  }
  return ExitCode.ok;
}

function settingsOf(config: object, written: Readonly<Record<string, unknown>>, prefix = ''): Setting[] {
  return Object.entries(config).flatMap(([name, value]): Setting[] => {
    const key = `${prefix}${name}`;
    const said = written[name];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return settingsOf(value, (said ?? {}) as Record<string, unknown>, `${key}.`);
    }
    return [{ key, value, from: said === undefined ? 'default' : 'file' }];
  });
}

function checkConfig({ screen }: Shell, options: ConfigOptions): ExitCode {
  const file = findClientConfig(options.config);
  const config: ClientConfig = readConfig({ config: file });
  const { signer } = clientSecurity({ config: config.security, broker: config.broker, name: localCaller() });
  screen.print(
    `${file} is sound: you are ${signer.name}, the broker is ${config.broker.urls.join(' or ') || 'missing'}`,
  );
  return config.broker.urls.length > 0 ? ExitCode.ok : ExitCode.error;
}

function foundBy({ config }: GlobalOptions): string {
  if (config !== undefined) return '--config';
  if (process.env.TROUPE_CONFIG !== undefined) return 'TROUPE_CONFIG';
  return `the first of ${configPlaces().join(', ')}`;
}
