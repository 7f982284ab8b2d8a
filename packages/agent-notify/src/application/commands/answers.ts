import { stripVTControlCharacters } from 'node:util';
import type { Call, Result } from '@troupe/client';
import type { Session } from '@troupe/client/application';
import { printable } from '@troupe/core/internal';
import { ExitCode, exitCodeOf } from './exit.js';

export interface Answers<Data> {
  readonly all: readonly Result<Data>[];
  readonly exitCode: number;
}

/** Waits for all replies and shows them; `linesOf` makes the lines of one that is ok. */
export async function collect<Data>(
  session: Session,
  replies: Call<Data>,
  linesOf: (result: Result<Data>) => readonly string[],
): Promise<Answers<Data>> {
  const all: Result<Data>[] = [];
  for await (const result of replies) {
    all.push(result);
    if (session.json) session.json.reply(result);
    else if (!result.ok) session.note(plain(`${result.sender}: ${result.state}: ${result.statusmsg}`));
    else for (const line of linesOf(result)) session.print(plain(line));
  }
  const stats = await replies.stats();
  if (stats.targets === 0) failWithoutNodes(session);
  const exitCode = session.signal.aborted ? ExitCode.interrupted : exitCodeOf(stats);
  session.json?.summarizeCall(stats, exitCode);
  return { all, exitCode };
}

/** Fails because no node matches. */
export function failWithoutNodes(session: Session): void {
  const message = 'no node with the agent notify matches the filter';
  session.fail({ code: 'NO_NODES', message });
}

/** Text from nodes without control characters, safe to show on a terminal. */
export function plain(text: string): string {
  return printable(stripVTControlCharacters(text), { mark: '\ufffd' });
}
