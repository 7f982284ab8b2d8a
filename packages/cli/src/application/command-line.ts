import type { Application, CommandLine } from '@troupe/client/application';
import { type Command, Option } from 'commander';
import { addTo, groups, withFilter, withJson, withJsonLines } from '../command-line/options.js';
import type { CommandEntry, Shell } from '../command-line/shell.js';
import type { ExitCode } from '../exit.js';
import type { NodesOptions } from './session.js';

/** An application as a command of `mco`, which is loaded when it is needed. */
export function applicationEntry(
  { name, summary }: Pick<Application, 'name' | 'summary'>,
  load: () => Promise<Pick<Application, 'define'>>,
): CommandEntry {
  return {
    name,
    summary,
    load: async () => {
      const { define } = await load();
      return { define: (command, shell) => define(command, commandLineOf(shell)) };
    },
  };
}

function commandLineOf(shell: Shell): CommandLine {
  return {
    withNodes: (command) =>
      addTo(withJsonLines(withJson(withNodesList(withFilter(command)))), groups.request, [
        new Option('-y, --yes', 'do not ask for confirmation before changing all nodes'),
      ]),
    run: (command, work) =>
      shell.action(async () => {
        const { runInSession } = await import('./session.js');
        return (await runInSession(shell.screen, command.optsWithGlobals<NodesOptions>(), work)) as ExitCode;
      })(),
  };
}

function withNodesList(command: Command): Command {
  return addTo(command, groups.discovery, [
    new Option(
      '--nodes <file>',
      'read node names from this file: lines, JSON (also from mco rpc --json) or YAML; - for standard input',
    ),
  ]);
}
