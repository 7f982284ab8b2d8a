import { loadProvisionerConfig } from '../config/config.js';
import { NameJournal } from '../names/name-journal.js';
import { ExitCode } from './exit-code.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { findConfig } from './session.js';

/** `mcprovision init`: makes the first journal of names, before a provisioner is started for the first time. */
export function init(io: Io, options: { config?: string; json?: boolean }): ExitCode {
  const { journalFile } = loadProvisionerConfig(findConfig(options.config));
  NameJournal.create(journalFile);
  io.out(options.json ? jsonLine({ journal: journalFile }) : `created the journal of names ${journalFile}\n`);
  return ExitCode.ok;
}
