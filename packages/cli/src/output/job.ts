import type { Result } from '@troupe/client';
import { naturalOrder } from '@troupe/core/internal';
import type { Screen } from '../terminal/screen.js';
import { plainLine } from './plain.js';
import { bySender } from './replies.js';
import { statusWord } from './wording.js';

/** The state of a request so far. */
export interface JobState {
  readonly id: string;
  readonly about: { readonly agent: string; readonly action: string } | undefined;
  readonly running: readonly string[];
  readonly ended: readonly Result[];
}

/** Prints a line for each node that received the request. */
export function printJob(screen: Screen, { id, about, running, ended }: JobState): void {
  const sorted = ended.toSorted(bySender);
  if (screen.json) {
    for (const sender of running.toSorted(naturalOrder))
      screen.json.result({ sender, state: null, statuscode: null, statusmsg: 'running' });
    for (const { sender, state, statuscode, statusmsg } of sorted)
      screen.json.result({ sender, state, statuscode: statuscode ?? null, statusmsg });
    const { agent = null, action = null } = about ?? {};
    const statistics = { requestid: id, running: running.length, ended: ended.length };
    screen.json.summarize(statistics, { agent, action });
    return;
  }
  screen.print(`Job ${id}${about ? `: ${about.agent} ${about.action}` : ''}\n`);
  for (const sender of running.toSorted(naturalOrder))
    screen.print(`   ${sender.padEnd(40)} ${screen.paint('yellow', 'running')}`);
  for (const result of sorted) {
    const why = result.statusmsg === 'OK' ? '' : `: ${plainLine(result.statusmsg)}`;
    screen.print(
      `   ${result.sender.padEnd(40)} ${screen.paint(result.ok ? 'green' : 'red', statusWord(result))}${why}`,
    );
  }
}
