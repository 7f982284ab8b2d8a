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
    'Writes an archive that helps to find a fault: versions, configuration, certificates and when they end, brokers, clocks, the findings of mco doctor, and status and log of the daemon on this machine. Secrets are removed; CONTENTS.txt in the archive lists its files. An existing file is never overwritten.\nExit codes: 0 written; 1 not written.',
    [
      ['In the current folder, named after host and time', 'mco support'],
      ['Without contacting the network', 'mco support --local -o /tmp/support.tar.gz'],
    ],
  );
  addTo(command, 'Archive:', [
    new Option(
      '-o, --output <file>',
      'the archive (default: troupe-support-HOST-TIME.tar.gz in this folder)',
    ),
    new Option(
      '--include <file>',
      'add this configuration file of another program, without its secrets; repeatable',
    ).argParser(gather),
    new Option('--lines <n>', 'lines of the daemon log').argParser(whole).default(500),
  ]);
  addTo(command, 'This machine:', [
    new Option('--local', 'do not connect to nodes: leave out the findings of mco doctor'),
    new Option(
      '--daemon-config <file>',
      `the configuration of the daemon on this machine (default: ${nodeConfigPlace}, if it exists)`,
    ),
  ]);
  withJson(command).action(
    shell.action(async () =>
      (await import('./support.js')).support(shell, command.optsWithGlobals<SupportOptions>()),
    ),
  );
}
