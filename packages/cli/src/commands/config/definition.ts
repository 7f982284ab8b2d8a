import type { Command } from 'commander';
import { describe } from '../../command-line/description.js';
import { withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { ConfigOptions } from './config.js';

export function define(command: Command, shell: Shell): void {
  command.description('The configuration in use, and where each value is from.');
  const show = command.command('show', { isDefault: true }).summary('Every value, and where it is from');
  describe(show, 'Shows every value of the configuration, and whether the file or a default says so.', [
    ['The configuration that mco would use', 'mco config'],
  ]);
  withJson(show).action(
    shell.action(async () =>
      (await import('./config.js')).showConfig(shell, show.optsWithGlobals<ConfigOptions>()),
    ),
  );

  const check = command.command('check').summary('Whether it is sound, certificate and key included');
  describe(check, 'Checks the configuration, with the certificate, the key and the CA that it names.', [
    ['A file that is not in use yet', 'mco config check --config new.yaml'],
  ]);
  check.action(
    shell.action(async () =>
      (await import('./config.js')).checkConfig(shell, check.optsWithGlobals<ConfigOptions>()),
    ),
  );
}
