import { describeFilter } from '@troupe/core';
import { filterOf } from '../../call/selection.js';
import type { FilterOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { ExitCode } from '../../exit.js';

/** Says in English which nodes the words of a filter mean. */
export function describeWords({ screen }: Shell, options: FilterOptions): ExitCode {
  screen.print(describeFilter(filterOf(options)));
  return ExitCode.ok;
}
