import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { AuditOptions } from './audit.js';

export function define(command: Command, shell: Shell): void {
  command.description('What a node has noted of requests.');
  const verify = command.command('verify').summary('Say whether no line was altered and none is missing');
  describe(
    verify,
    'Checks that each line of an audit follows from the one before, through its rotated files FILE.1, FILE.2 … to FILE. That lines are missing at the very end, only somebody who has seen them can tell: a collector of audit events, whose last hash --last compares.\nExit codes: 0 nothing is missing; 2 a line was altered or is missing; 1 a file cannot be read.',
    [
      ['The audit of the daemon on this machine', 'mco audit verify'],
      ['Audits that were fetched from hosts', 'mco audit verify web1/audit.jsonl web2/audit.jsonl'],
    ],
  );
  verify.argument('[files...]', "the file in use of each audit; else that of mcod's configuration");
  addTo(verify, 'Audit:', [
    new Option('--mcod <file>', "mcod's configuration (default: /etc/troupe/mcod.yaml)"),
    new Option('--last <sha256>', 'the hash that the last line must have: that of the last event received'),
  ]);
  withJson(verify).action(
    shell.action(async (files: readonly string[]) =>
      (await import('./audit.js')).verifyAudits(shell.screen, files, verify.optsWithGlobals<AuditOptions>()),
    ),
  );
}
