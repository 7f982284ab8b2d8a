import { describeFilter } from '@troupe/core';
import { ExitCode } from '../exit.js';
import type { FilterOptions } from '../options.js';
import { filterOf } from '../selection.js';
import type { Shell } from '../shell.js';

/** Says in English which nodes the words of a filter mean. */
export function describeWords({ screen }: Shell, options: FilterOptions): ExitCode {
  screen.print(describeFilter(filterOf(options)));
  return ExitCode.ok;
}
