// Types alone: the program that shows these commands has commander, and a node has neither it nor the client.

import type { CommandLine } from '@troupe/client/application';
import type { Command } from 'commander';

/** The name under which a command line shows these commands, and what they are for. */
export const name = 'notify';
export const summary = 'Send notifications, and show undelivered messages';

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
    'Show undelivered messages and dead letters',
    'Messages are listed oldest first, each with its state, its age, the reason of the last failure and the time of the next attempt.',
    ['spool', 'spool --state dead --json'],
  )
    .option('--state <state>', 'show only messages in this state: waiting or dead', state)
    .option('--limit <n>', 'maximum number of messages per node (default: 100)', whole);
  show.action(() =>
    line.run(show, async (session) => {
      const { state, limit } = show.opts();
      return (await spool()).showSpool(session, given({ state, limit }));
    }),
  );

  const again = add(
    'retry',
    'Retry messages immediately, including dead letters',
    'A dead letter is retried for the full give_up_after time again.',
    ['retry web1-17', 'retry --all'],
  )
    .argument('[id]', 'message ID')
    .option('--all', 'retry all messages in the spool');
  again.action((id?: string) => {
    const which = chosen(id, again.opts().all);
    return line.run(again, async (session) => (await spool()).retry(session, which));
  });

  const away = add('discard', 'Delete messages from the spool', '', ['discard web1-17', 'discard --all'])
    .argument('[id]', 'message ID, waiting or dead')
    .option('--all', 'delete all dead letters');
  away.action((id?: string) => {
    const which = chosen(id, away.opts().all);
    return line.run(away, async (session) => (await spool()).discard(session, which));
  });

  const sending = add(
    'send',
    'Send a message through one of the notifiers',
    'If a notifier fails, the next one is tried. If none can deliver the message now, one of them keeps it and retries.',
    [
      'send mailto://ops@example.net "The backup is done" --subject "Backup"',
      'send slack://ops < report.txt',
    ],
  )
    .argument('<recipient>', 'PROTOCOL://NAME, such as mailto://ops@example.net')
    .argument('[message]', 'text of the message (default: read from standard input)')
    .option('--subject <line>', 'subject of the message')
    .option('--id <id>', 'message ID; a message with the same ID and recipient is delivered only once');
  sending.action((recipient: string, message?: string) => {
    const { subject, id } = sending.opts();
    const words = { recipient, ...given({ message, subject, id }) };
    return line.run(sending, async (session) => (await import('./send.js')).send(session, words));
  });
}

function chosen(id: string | undefined, all: true | undefined): string | undefined {
  if ((id === undefined) === (all === undefined)) throw new Error('specify either a message ID or --all');
  return id;
}

function given<T extends Record<string, unknown>>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function state(text: string): string {
  if (text === 'waiting' || text === 'dead') return text;
  throw new Error(`--state: "${text}" is not a state: use waiting or dead`);
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1)
    throw new Error(`--limit: "${text}" is not a whole number of at least 1`);
  return value;
}
