import { describeFilter } from '@troupe/core';
import type { Command } from 'commander';
import { describe } from '../description.js';
import { ExitCode } from '../exit.js';
import { type FilterOptions, withConditions } from '../options.js';
import { filterOf } from '../selection.js';
import type { Shell } from '../shell.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Says in English which nodes a filter means. Nobody is asked.', [
    ['A compound filter', "mco describe-filter -S 'role::web and not (country=mt or country=de)'"],
  ]);
  withConditions(command);
  command.action(
    shell.action(() => {
      shell.screen.print(describeFilter(filterOf(command.optsWithGlobals<FilterOptions>())));
      return ExitCode.ok;
    }),
  );
}
