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
    if (session.json) session.json.reply(result);
    else if (!result.ok) session.note(plain(`${result.sender}: ${result.state}: ${result.statusmsg}`));
    else for (const line of tell(result)) session.print(plain(line));
  }
  const stats = await replies.stats();
  if (stats.targets === 0) sayThatNobodyMatches(session);
  const exitCode = session.signal.aborted ? ExitCode.interrupted : exitCodeOf(stats);
  session.json?.summarizeCall(stats, exitCode);
  return { all, exitCode };
}

/** Says that no node is meant. */
export function sayThatNobodyMatches(session: Session): void {
  const message = 'No node matches and has the agent notify';
  session.fail({ code: 'NO_NODES', message });
}

/** What nodes have said, as it can be shown on a terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, '\ufffd');
}
