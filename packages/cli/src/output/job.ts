import type { Result } from '@troupe/client';
import type { Screen } from '../screen.js';
import { printJson } from './json.js';
import { plainLine } from './plain.js';
import { bySender } from './replies.js';
import { statusWord } from './wording.js';

/** What became of a request so far. */
export interface JobState {
  readonly id: string;
  readonly about: { readonly agent: string; readonly action: string } | undefined;
  readonly running: readonly string[];
  readonly ended: readonly Result[];
}

/** One line for each node that had the request. */
export function printJob(screen: Screen, { id, about, running, ended }: JobState, isJson: boolean): void {
  const sorted = ended.toSorted(bySender);
  if (isJson) {
    printJson(screen, {
      requestid: id,
      ...about,
      running: running.toSorted(),
      ended: sorted.map(({ sender, state, statuscode, statusmsg }) => ({
        sender,
        state,
        statuscode,
        statusmsg,
      })),
    });
    return;
  }
  screen.print(`Job ${id}${about ? `: ${about.agent} ${about.action}` : ''}\n`);
  for (const sender of running.toSorted())
    screen.print(`   ${sender.padEnd(40)} ${screen.paint('yellow', 'at work')}`);
  for (const result of sorted) {
    const why = result.statusmsg === 'OK' ? '' : `: ${plainLine(result.statusmsg)}`;
    screen.print(
      `   ${result.sender.padEnd(40)} ${screen.paint(result.ok ? 'green' : 'red', statusWord(result))}${why}`,
    );
  }
}
