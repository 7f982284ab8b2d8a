import type { GlobalOptions } from '../command-line/options.js';
import type { Screen } from '../terminal/screen.js';
import type { Report } from './presenter.js';
import { counted } from './wording.js';

/** After an interruption: where the action may still be running, and how to return to it. */
export function printUnfinished(
  screen: Screen,
  { unfinished, stats }: Pick<Report, 'unfinished' | 'stats'>,
  options: Pick<GlobalOptions, 'config'> & { readonly target?: string },
): void {
  if (unfinished.length === 0) return;
  const target = options.target === undefined ? '' : ` -T ${options.target}`;
  const config = options.config === undefined ? '' : ` --config ${options.config}`;
  const command = (verb: string) => `mco job ${verb} ${stats.requestId}${target}${config}`;
  const message = `${counted(unfinished.length)} may still be running the action`;
  screen.json?.fail({ code: 'INTERRUPTED', message, hint: `${command('attach')}, or ${command('cancel')}` });
  screen.warn(
    [
      `${message}:`,
      `  ${command('attach')}   # wait for the remaining replies`,
      `  ${command('cancel')}   # cancel the action`,
    ].join('\n'),
  );
}
