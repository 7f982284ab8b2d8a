import { stripVTControlCharacters } from 'node:util';
import type { Call, Result } from '@troupe/client';
import type { Session } from '@troupe/client/application';
import { ExitCode, exitCodeOf } from './exit.js';

export interface Answers<Data> {
  readonly all: readonly Result<Data>[];
  readonly exitCode: number;
}

/** Waits for all replies and tells those that are not ok; `tell` makes the lines of one that is. */
export async function collect<Data>(
  session: Session,
  replies: Call<Data>,
  tell: (result: Result<Data>) => readonly string[],
): Promise<Answers<Data>> {
  const all: Result<Data>[] = [];
  for await (const result of replies) {
    all.push(result);
    if (session.isJson) continue;
    if (!result.ok) session.note(plain(`${result.sender}: ${result.state}: ${result.statusmsg}`));
    else for (const line of tell(result)) session.print(plain(line));
  }
  const stats = await replies.stats();
  if (stats.targets === 0) session.note('No node matches and has the agent notify');
  const exitCode = session.signal.aborted ? ExitCode.interrupted : exitCodeOf(stats);
  if (session.isJson) session.print(asJson(session, all.map(flat)));
  return { all, exitCode };
}

/** A document as JSON that cannot play with a terminal. */
export function asJson(session: Session, document: unknown): string {
  const text = JSON.stringify(document, undefined, session.isWatched ? 2 : undefined);
  return text.replace(/[\u007f-\u009f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What nodes have said, as it can be shown on a terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, '\ufffd');
}

function flat<Data>({ sender, state, ok, statusmsg, data }: Result<Data>) {
  return { sender, outcome: state, ...(ok ? (data as object) : { statusmsg }) };
}
