import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { AuditOptions } from './audit.js';

export function define(command: Command, shell: Shell): void {
  command.description('Verifies the audit log of a node.');
  const verify = command.command('verify').summary('Check an audit log for altered or missing lines');
  describe(
    verify,
    'Verifies the hash chain of an audit log: each line must follow from the line before, across the rotated files FILE.1, FILE.2 … and FILE. The end of the log is compared with FILE.end, which the daemon writes beside it. Copy FILE.end too, or pass the hash of the last audit event that was received elsewhere with --last: without either, an altered last line, or lines missing after it, cannot be detected.\nExit codes: 0 the log is complete; 2 a line was altered or is missing; 1 a file cannot be read.',
    [
      ['The audit log of the daemon on this machine', 'mco audit verify'],
      ['Audit logs copied from two hosts', 'mco audit verify web1/audit.jsonl web2/audit.jsonl'],
    ],
  );
  verify.argument('[files...]', "current file of each audit log (default: the one in mcod's configuration)");
  addTo(verify, 'Audit:', [
    new Option('--mcod <file>', 'configuration file of mcod (default: /etc/troupe/mcod.yaml)'),
    new Option(
      '--last <sha256>',
      'expected hash of the last line, from the last audit event that was received',
    ),
  ]);
  withJson(verify).action(
    shell.action(async (files: readonly string[]) =>
      (await import('./audit.js')).verifyAudits(shell.screen, files, verify.optsWithGlobals<AuditOptions>()),
    ),
  );
}
