import type { Command } from 'commander';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';

export function define(command: Command, shell: Shell): void {
  command.argument(
    '[topic...]',
    'a command, rpc AGENT ACTION, an error code, errors, discovery or exit-codes',
  );
  command.action(
    shell.action(async (words: string[]) =>
      (await import('./help.js')).help(shell, words, command.optsWithGlobals<GlobalOptions>()),
    ),
  );
}
