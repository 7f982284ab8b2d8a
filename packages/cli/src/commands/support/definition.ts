import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { gather, whole } from '../../command-line/values.js';
import { nodeConfigPlace } from '../../config/node-config.js';
import type { SupportOptions } from './support.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Writes an archive with diagnostics for support: versions, configuration, certificates and their expiry, brokers, clocks, the findings of mco doctor, and the status and log of the daemon on this machine. Secrets are removed; CONTENTS.txt in the archive lists its files. An existing file is never overwritten.\nExit codes: 0 written; 1 error.',
    [
      ['In the current folder, with the host name and time in the file name', 'mco support'],
      ['Without connecting to nodes', 'mco support --local -o /tmp/support.tar.gz'],
    ],
  );
  addTo(command, 'Archive:', [
    new Option(
      '-o, --output <file>',
      'archive file (default: troupe-support-HOST-TIME.tar.gz in the current folder)',
    ),
    new Option(
      '--include <file>',
      'also include this configuration file of another program, without its secrets; repeatable',
    ).argParser(gather),
    new Option('--lines <n>', 'number of lines of the daemon log to include').argParser(whole).default(500),
  ]);
  addTo(command, 'This machine:', [
    new Option('--local', 'do not connect to nodes; omits the findings of mco doctor'),
    new Option(
      '--daemon-config <file>',
      `configuration file of the daemon on this machine (default: ${nodeConfigPlace}, if it exists)`,
    ),
  ]);
  withJson(command).action(
    shell.action(async () =>
      (await import('./support.js')).support(shell, command.optsWithGlobals<SupportOptions>()),
    ),
  );
}
