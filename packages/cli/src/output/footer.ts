import type { Result } from '@troupe/client';
import type { Screen } from '../screen.js';
import { nameList, namesBy } from './naming.js';
import { plainLine } from './plain.js';
import type { Report } from './presenter.js';
import { isSilent } from './replies.js';
import { counted, span, statusWord } from './wording.js';

/** What a person wants to know when a call is over, on standard error: who did not answer and why, and the count. */
export function footer(screen: Screen, report: Report): void {
  const { stats, found } = report;
  if (stats.targets === 0) return;
  for (const line of unansweredLines(report.results, screen.isVerbose)) screen.warn(line);
  if (found.silent.length > 0) {
    screen.warn(
      `Did not answer when nodes were looked for: ${nameList(found.silent, screen.isVerbose)} (online, said nothing)`,
    );
  }
  if (stats.unexpected.length > 0) {
    screen.warn(`Answered without being expected: ${nameList(stats.unexpected, screen.isVerbose)}`);
  }
  if (screen.isVerbose) screen.note(statsBlock(report));
  else screen.note(finished(screen, report));
}

/** Names of the nodes that did not answer, by reason. */
export function unansweredLines(results: readonly Result[], all: boolean): readonly string[] {
  const byReason = namesBy(results.filter(isSilent), (result) => {
    const word = statusWord(result).toLowerCase();
    return result.statusmsg === `the node is ${word}` ? word : `${word}: ${plainLine(result.statusmsg)}`;
  });
  return [...byReason].map(([reason, senders]) => `No answer from: ${nameList(senders, all)} (${reason})`);
}

function finished(screen: Screen, { stats, found }: Report): string {
  const { targets, answered, ok, callSeconds } = stats;
  const failed = answered > ok ? `, ${answered - ok} not ok` : '';
  const offline =
    found.method === 'broadcast' && found.offline.length > 0
      ? `; ${counted(found.offline.length)} offline`
      : '';
  const limited = found.before === undefined ? '' : limitWords(found.before, found.seed);
  const line = `Finished processing ${answered} / ${targets} hosts in ${span(callSeconds)}${failed}${offline}${limited}`;
  return screen.paintNote(answered === targets && ok === answered ? 'green' : 'red', line);
}

function limitWords(before: number, seed: number | undefined): string {
  return seed === undefined ? '' : `; picked from ${before} (--limit-seed ${seed} picks the same)`;
}

function statsBlock({ stats, found }: Report): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Nodes', `${stats.answered} / ${stats.targets}`],
    ['Pass / Fail', `${stats.ok} / ${stats.answered - stats.ok}`],
    ['No Answer', String(stats.targets - stats.answered)],
    ['Unexpected', String(stats.unexpected.length)],
    ['Offline', found.method === 'named' ? 'not looked for' : String(found.offline.length)],
    ['Discovery Time', found.method === 'named' ? 'none, the nodes were named' : span(found.seconds)],
    ['Agent Time', span(stats.callSeconds)],
    ['Total Time', span(found.seconds + stats.callSeconds)],
    ['Request Id', stats.requestId],
    ...(found.before === undefined || found.seed === undefined
      ? []
      : ([['Limit', limitWords(found.before, found.seed).slice(2)]] as const)),
  ];
  return [
    '',
    '---- request stats ----',
    ...rows.map(([label, text]) => `${label.padStart(20)}: ${text}`),
  ].join('\n');
}
