import { describeFilter } from '@troupe/core';
import { filterOf } from '../../call/selection.js';
import type { FilterOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { ExitCode } from '../../exit.js';

/** Explains in English which nodes the options of a filter match. */
export function describeWords({ screen }: Shell, options: FilterOptions): ExitCode {
  screen.print(describeFilter(filterOf(options)));
  return ExitCode.ok;
}
