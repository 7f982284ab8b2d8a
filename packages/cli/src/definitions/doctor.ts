import type { Command } from 'commander';
import { describe } from '../description.js';
import { type FilterOptions, type GlobalOptions, withFilter, withJson } from '../options.js';
import type { Shell } from '../shell.js';

/** What mco doctor takes as options. */
export type DoctorOptions = GlobalOptions & FilterOptions & { readonly json?: true };

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Looks at everything between you and the nodes: the configuration, your certificate and how long it is good, each broker and its certificate, who answers, what you may call, clocks, versions, and agents that are not the same everywhere. Ends with 1 when something does not work; a warning is none.',
    [
      ['All nodes', 'mco doctor'],
      ['Only what is wrong, in one country', 'mco doctor -q -F country=mt'],
    ],
  );
  withJson(withFilter(command));
  command.action(
    shell.action(async () =>
      (await import('../commands/doctor.js')).doctor(shell, command.optsWithGlobals<DoctorOptions>()),
    ),
  );
}
