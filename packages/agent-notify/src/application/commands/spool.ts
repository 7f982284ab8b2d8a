import type { Session } from '@troupe/client/application';
import type { ActionOf, DataOf } from '@troupe/core';
import ddl from '@troupe/ddl/notify.json' with { type: 'json' };
import { collect } from './answers.js';
import { ExitCode } from './exit.js';

type Spool = DataOf<ActionOf<typeof ddl, 'spool'>>;

interface Message {
  readonly id: string;
  readonly recipient: string;
  readonly subject: string;
  readonly caller: string;
  readonly state: 'waiting' | 'dead';
  readonly since: string;
  readonly attempts: number;
  readonly reason: string;
  readonly next_attempt?: string;
}

/** Shows the waiting messages of the nodes of a session, with age, reason and next attempt; and the dead letters. */
export async function showSpool(
  session: Session,
  input: { readonly state?: 'all' | 'waiting' | 'dead'; readonly limit?: number },
): Promise<number> {
  const { client, collective, filter, signal } = session;
  const replies = client.agent(ddl).spool(input, { collective, filter, signal });
  const { exitCode } = await collect(session, replies, ({ sender, data }) =>
    linesOf(sender, data, Date.now()),
  );
  return exitCode;
}

/** Retries the messages of an id, or all, immediately. */
export async function retry(session: Session, id: string | undefined): Promise<number> {
  return change(session, 'retry', id);
}

/** Deletes the messages of an id, or all dead letters. */
export async function discard(session: Session, id: string | undefined): Promise<number> {
  if (id === undefined && !(await session.confirm('Delete all dead letters?'))) return ExitCode.error;
  return change(session, 'discard', id);
}

async function change(
  session: Session,
  action: 'retry' | 'discard',
  id: string | undefined,
): Promise<number> {
  const { client, collective, filter, signal } = session;
  const input = id === undefined ? { all: true } : { id };
  const replies = client.agent(ddl)[action](input, { collective, filter, signal });
  const { all, exitCode } = await collect(session, replies, ({ sender, data }) =>
    data.count ? [`${sender}: ${data.msg}`] : [],
  );
  const count = all.reduce((sum, { ok, data }) => sum + (ok ? Number(data.count) : 0), 0);
  if (count > 0 || exitCode !== ExitCode.ok) return exitCode;
  if (id === undefined) {
    session.note('No such messages in the spool');
    return ExitCode.ok;
  }
  const message = `Message "${id}" not found on any node`;
  session.fail({ code: 'MESSAGE_UNKNOWN', message });
  return ExitCode.failed;
}

/** The lines of one node. */
export function linesOf(sender: string, spool: Spool, now: number): readonly string[] {
  const { waiting, dead, damaged } = spool;
  const messages = (spool.messages ?? []) as readonly Message[];
  const counts = [
    `${waiting} waiting`,
    `${dead} dead`,
    ...(damaged ? [`${damaged} damaged (see the mcod log on this node)`] : []),
  ];
  const rest = Number(waiting) + Number(dead) - messages.length;
  return [
    `${sender}: ${waiting === 0 && dead === 0 && !damaged ? 'the spool is empty' : counts.join(', ')}`,
    ...messages.flatMap((message) => messageLines(message, now)),
    ...(rest > 0 && messages.length > 0 ? [`  … and ${rest} more`] : []),
  ];
}

function messageLines(message: Message, now: number): readonly string[] {
  const { id, recipient, subject, state, since, attempts, reason, next_attempt } = message;
  const age = timeOf(now - Date.parse(since));
  const tried = attempts === 1 ? 'tried once' : `tried ${attempts} times`;
  const left = next_attempt === undefined ? 0 : Date.parse(next_attempt) - now;
  const next = left > 0 ? `next attempt in ${timeOf(left)}` : 'retrying now';
  return [
    `  ${state.padEnd(7)}  ${id}  ${recipient}  "${subject}"`,
    `           ${age} old, ${attempts === 0 ? 'not tried yet' : tried}, ${state === 'dead' ? 'given up' : next}` +
      `${reason === '' ? '' : `: ${reason}`}`,
  ];
}

function timeOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
