import type { Command } from 'commander';
import { describe } from '../../command-line/description.js';
import { type FilterOptions, withConditions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Explains in English which nodes a filter matches, without connecting to a broker.', [
    ['A compound filter', "mco describe-filter -S 'role::web and not (country=mt or country=de)'"],
  ]);
  withConditions(command);
  command.action(
    shell.action(async () =>
      (await import('./describe-filter.js')).describeWords(shell, command.optsWithGlobals<FilterOptions>()),
    ),
  );
}
