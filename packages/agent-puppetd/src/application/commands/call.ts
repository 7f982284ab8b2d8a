import type { Call, Result } from '@troupe/client';
import type { Session } from '@troupe/client/application';
import { type Ddl, isEmptyFilter, namedNodes } from '@troupe/core';
import { listHint } from '@troupe/core/internal';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { ExitCode, exitCodeOfCall } from './exit.js';

/** The replies of a call. */
export interface Answers<Data> {
  readonly ok: readonly Result<Data>[];
  readonly all: readonly Result<Data>[];
  readonly exitCode: number;
}

/** Calls an action of the agent puppetd on all nodes of a session. */
export function call(
  session: Session,
  action: string,
  input: Readonly<Record<string, unknown>> = {},
  onProgress?: (sender: string, text: string) => void,
): Call {
  const { client, collective, filter, signal } = session;
  return client.call(ddl as Ddl, action, input, {
    collective,
    filter,
    signal,
    ...(onProgress && { onProgress: ({ sender, data }) => onProgress(sender, String(data)) }),
  });
}

/** How each reply is shown. */
export interface Shown<Data> {
  /** The line of one that is ok, if it is worth one. */
  readonly lineOf?: (result: Result<Data>) => string | undefined;
  /** Whether its JSON is not the replies but what is made of them. */
  readonly isSummed?: boolean;
}

/** Waits for all replies and shows each as it comes. */
export async function collect<Data>(
  session: Session,
  replies: Call<Data>,
  { lineOf = () => undefined, isSummed = false }: Shown<Data> = {},
): Promise<Answers<Data>> {
  const { json } = session;
  const all: Result<Data>[] = [];
  for await (const result of replies) {
    all.push(result);
    if (json && !isSummed) {
      json.reply(result);
      continue;
    }
    const line = result.ok ? lineOf(result) : `${result.state}: ${result.statusmsg}`;
    if (line === undefined) continue;
    if (result.ok) session.print(`${result.sender}: ${line}`);
    else session.note(`${result.sender}: ${line}`);
  }
  const stats = await replies.stats();
  if (stats.targets === 0) failWithoutNodes(session);
  noteUnreachable(session, stats.unreachable);
  const exitCode = session.signal.aborted ? ExitCode.interrupted : exitCodeOfCall(stats, isNamed(session));
  json?.summarizeCall(stats, exitCode);
  return { ok: all.filter((result) => result.ok), all, exitCode };
}

/** Names nodes that replied to earlier commands and are out of reach. */
export function noteUnreachable(session: Session, names: readonly string[] = []): void {
  if (names.length === 0) return;
  const more = names.length > 10 ? ', …' : '';
  const shown = `${names.slice(0, 10).join(', ')}${more}`;
  session.note(`Out of reach: ${shown} (they replied earlier; their region may be cut off)`);
}

/** Fails because no node matches. */
export function failWithoutNodes(session: Session): void {
  const hint = listHint(session.filter);
  const message = `no node with the agent puppetd matches the filter${hint === undefined ? '' : `; ${hint}`}`;
  session.fail({ code: 'NO_NODES', message });
}

/** Prints lines for people. */
export function show(session: Session, lines: readonly string[]): void {
  if (!session.json) for (const line of lines) session.print(line);
}

/** Whether to continue: asks for confirmation if there is no filter. */
export async function isConfirmed(session: Session, what: string): Promise<boolean> {
  if (!isEmptyFilter(session.filter)) return true;
  return session.confirm(`${what} on all nodes?`);
}

/** Whether the nodes of a session were given by name, without discovery. */
export function isNamed({ filter }: Session): boolean {
  return namedNodes(filter) !== undefined;
}
