import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { DoctorOptions } from './doctor.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Looks at everything between you and the nodes: the configuration, your certificate and how long it is good, each broker and its certificate, who answers, what you may call, clocks, versions, and agents that are not the same everywhere. Ends with 1 when something does not work; a warning is none.',
    [
      ['All nodes', 'mco doctor'],
      ['Only what is wrong, in one country', 'mco doctor -q -F country=mt'],
      ['The daemon of this machine, such as for a monitoring system', 'mco doctor --local -q'],
    ],
  );
  withJson(withFilter(command));
  addTo(command, 'This machine:', [
    new Option('--local', 'judge the status file of the daemon here instead; nobody is asked'),
    new Option('--daemon-config <file>', 'its configuration, which says where that file is').default(
      '/etc/troupe/mcod.yaml',
    ),
    new Option('--status-file <file>', 'the file itself'),
  ]);
  command.action(
    shell.action(async () =>
      (await import('./doctor.js')).doctor(shell, command.optsWithGlobals<DoctorOptions>()),
    ),
  );
}
