import type { Command } from 'commander';
import { describe } from '../description.js';
import { type FilterOptions, withConditions } from '../options.js';
import type { Shell } from '../shell.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Says in English which nodes a filter means. Nobody is asked.', [
    ['A compound filter', "mco describe-filter -S 'role::web and not (country=mt or country=de)'"],
  ]);
  withConditions(command);
  command.action(
    shell.action(async () =>
      (await import('../commands/describe-filter.js')).describeWords(
        shell,
        command.optsWithGlobals<FilterOptions>(),
      ),
    ),
  );
}
