import type { Client } from '@troupe/client';
import { type CommandLine, JsonOutput, type Session } from '@troupe/client/application';
import { parseFilter } from '@troupe/core';
import { Command } from 'commander';
import { define } from '../../src/application/commands/define.js';

/** What a command line printed, and how it ended. */
export interface CommandResult {
  readonly exitCode: number;
  readonly data: readonly string[];
  readonly notes: readonly string[];
}

/** Runs the words after `mco puppet`; the least that `mco` itself provides. */
export async function puppet(
  client: Client,
  words: readonly string[],
  more: Partial<Session> = {},
): Promise<CommandResult> {
  const data: string[] = [];
  const notes: string[] = [];
  let exitCode = -1;
  const line: CommandLine = {
    withNodes: (command) =>
      command
        .option('-I, --with-identity <identity>', 'a node', (text, before: string[] = []) => [
          ...before,
          text,
        ])
        .option('--json', 'JSON')
        .option('--yes', 'all nodes'),
    run: async (command, work) => {
      const { withIdentity = [], json = false, yes = false } = command.opts();
      const output = json ? new JsonOutput((text) => data.push(text)) : undefined;
      exitCode = await work({
        client,
        collective: client.mainCollective,
        filter: client.filter(parseFilter({ identities: withIdentity })),
        signal: new AbortController().signal,
        json: output,
        isWatched: false,
        print: (text) => (json ? notes : data).push(text),
        note: (text) => notes.push(text),
        fail: (failure) => {
          notes.push(failure.message);
          output?.fail(failure);
        },
        confirm: async () => yes,
        ...more,
      });
      output?.end();
    },
  };
  const command = new Command('puppet').exitOverride().configureOutput({ writeErr: () => {} });
  define(command, line);
  for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...words], { from: 'user' });
  return { exitCode, data, notes };
}
