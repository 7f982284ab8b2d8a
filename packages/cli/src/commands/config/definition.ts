import type { Command } from 'commander';
import { describe } from '../../command-line/description.js';
import { withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { ConfigOptions } from './config.js';

export function define(command: Command, shell: Shell): void {
  command.description('Shows or checks the client configuration.');
  const show = command.command('show', { isDefault: true }).summary('Show every value and its source');
  describe(
    show,
    'Shows every value of the client configuration, and whether it is set in the file or a default.',
    [['The configuration that mco uses', 'mco config']],
  );
  withJson(show).action(
    shell.action(async () =>
      (await import('./config.js')).showConfig(shell, show.optsWithGlobals<ConfigOptions>()),
    ),
  );

  const check = command.command('check').summary('Validate the configuration, the certificate and the key');
  describe(
    check,
    'Validates the client configuration, and the certificate, private key and CA files that it names.',
    [['A file that is not yet in use', 'mco config check --config new.yaml']],
  );
  check.action(
    shell.action(async () =>
      (await import('./config.js')).checkConfig(shell, check.optsWithGlobals<ConfigOptions>()),
    ),
  );
}
