import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { DoctorOptions } from './doctor.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Checks everything between this client and the nodes: the configuration, your certificate and its expiry, each broker and its certificate, which nodes respond, which actions you may call, clocks, versions, agents whose versions differ between nodes, nodes without a policy, and files of mcod that other users can write to. Exit codes: 0 no fault, possibly with warnings; 1 at least one fault.',
    [
      ['All nodes', 'mco doctor'],
      ['Only the problems, in one country', 'mco doctor -q -F country=mt'],
      ['The daemon on this machine, for a monitoring system', 'mco doctor --local -q'],
    ],
  );
  withJson(withFilter(command));
  addTo(command, 'This machine:', [
    new Option(
      '--local',
      'check the status, the policies and the files of the daemon on this machine only, without connecting',
    ),
    new Option(
      '--daemon-config <file>',
      'configuration file of the daemon, which has the path of its status file',
    ).default('/etc/troupe/mcod.yaml'),
    new Option('--status-file <file>', 'status file of the daemon (default: the one in --daemon-config)'),
  ]);
  command.action(
    shell.action(async () =>
      (await import('./doctor.js')).doctor(shell, command.optsWithGlobals<DoctorOptions>()),
    ),
  );
}
