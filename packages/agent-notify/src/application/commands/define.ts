// Types alone: whoever shows these commands brings commander, and a node has neither it nor the client.

import type { CommandLine } from '@troupe/client/application';
import type { Command } from 'commander';

/** The name under which a command line shows these commands, and what they are for. */
export const name = 'notify';
export const summary = 'Tell people, and see what could not be told yet';

/** Adds the subcommands of `mco notify` to a command of that name. */
export function define(command: Command, line: CommandLine): void {
  const add = (usage: string, text: string, more = '', examples: readonly string[] = []) => {
    const shown = examples.map((words) => `  mco notify ${words}`);
    const parts = [
      more === '' ? `${text}.` : `${text}. ${more}`,
      ...(shown.length > 0 ? ['', 'Examples:', ...shown] : []),
    ];
    const added = command.command(usage).summary(text).description(parts.join('\n'));
    return line.withNodes(added).optionsGroup('Messages:');
  };
  // What a command does is loaded when it is used, so that help and completion cost nothing.
  const spool = () => import('./spool.js');

  const show = add(
    'spool',
    'Shows what could not be delivered yet, and what was given up',
    'Each message with its state, since when it is there, why, and when it is tried again; the oldest first.',
    ['spool', 'spool --state dead --json'],
  )
    .option('--state <state>', 'only these: waiting or dead', state)
    .option('--limit <n>', 'the most messages of each node (default: 100)', whole);
  show.action(() =>
    line.run(show, async (session) => {
      const { state, limit } = show.opts();
      return (await spool()).showSpool(session, given({ state, limit }));
    }),
  );

  const again = add(
    'retry',
    'Has messages tried again at once, dead letters too',
    'A message that is given up gets its whole time again.',
    ['retry web1-17', 'retry --all'],
  )
    .argument('[id]', 'the message')
    .option('--all', 'every message in the spool');
  again.action((id?: string) => {
    const which = chosen(id, again.opts().all);
    return line.run(again, async (session) => (await spool()).retry(session, which));
  });

  const away = add('discard', 'Throws messages away', '', ['discard web1-17', 'discard --all'])
    .argument('[id]', 'the message, whether it waits or is dead')
    .option('--all', 'every dead letter');
  away.action((id?: string) => {
    const which = chosen(id, away.opts().all);
    return line.run(away, async (session) => (await spool()).discard(session, which));
  });

  const sending = add(
    'send',
    'Has a message delivered by one of the nodes',
    'Another takes over from one that fails; where none can deliver it now, one of them keeps it.',
    [
      'send mailto://ops@example.net "The backup is done" --subject "Backup"',
      'send slack://ops < report.txt',
    ],
  )
    .argument('<recipient>', 'such as mailto://ops@example.net')
    .argument('[message]', 'the text; standard input when left out')
    .option('--subject <line>', 'its subject')
    .option('--id <id>', 'names it, so that it is delivered once, however often it is sent');
  sending.action((recipient: string, message?: string) => {
    const { subject, id } = sending.opts();
    const words = { recipient, ...given({ message, subject, id }) };
    return line.run(sending, async (session) => (await import('./send.js')).send(session, words));
  });
}

function chosen(id: string | undefined, all: true | undefined): string | undefined {
  if ((id === undefined) === (all === undefined)) throw new Error('either an id, or --all');
  return id;
}

function given<T extends Record<string, unknown>>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function state(text: string): string {
  if (text === 'waiting' || text === 'dead') return text;
  throw new Error(`--state: "${text}" is neither waiting nor dead`);
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new Error(`--limit: "${text}" is no number from 1 on`);
  return value;
}
