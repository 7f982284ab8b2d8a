import type { Result } from '@troupe/client';
import type { Found } from '../call/selection.js';
import type { Screen } from '../terminal/screen.js';
import { nameList, namesBy } from './naming.js';
import { plainLine } from './plain.js';
import { whyUnreachable } from './presence.js';
import type { Report } from './presenter.js';
import { isSilent } from './replies.js';
import { counted, span, statusWord } from './wording.js';

/** The number of cut outputs that a line names. */
const mostOutputs = 10;

/** The end of a call for people, on standard error: which nodes did not reply and why, and the statistics. */
export function footer(screen: Screen, report: Report): void {
  const { stats, found } = report;
  for (const line of unansweredLines(report.results, screen.isVerbose)) screen.warn(line);
  for (const line of cutLines(report.results, screen.isVerbose)) screen.warn(line);
  for (const line of silentLines(found, screen.isVerbose)) screen.warn(line);
  const { unreachable = [] } = found;
  if (unreachable.length > 0)
    screen.warn(`Out of reach: ${nameList(unreachable, screen.isVerbose)} (${whyUnreachable})`);
  if (stats.targets === 0) return;
  if (stats.unexpected.length > 0) {
    screen.warn(`Unexpected replies from: ${nameList(stats.unexpected, screen.isVerbose)}`);
  }
  if (screen.isVerbose) screen.note(statsBlock(report));
  else screen.note(finished(screen, report));
}

// Nodes that did not respond to the request itself may have received it.
function silentLines({ silent, offline, byRequest }: Found, all: boolean): readonly string[] {
  const line = (head: string, names: readonly string[], why: string) =>
    names.length === 0 ? [] : [`${head}: ${nameList(names, all)} (${why})`];
  if (!byRequest) return line('No response to discovery from', silent, 'online');
  const head = 'No response from';
  const left = silent.filter((identity) => offline.includes(identity));
  const here = silent.filter((identity) => !offline.includes(identity));
  return [
    ...line(head, here, 'online; they may still run the action if the filter matches'),
    ...line(head, left, 'went offline before they responded; they may have started the action'),
  ];
}

/** Names of the nodes that did not reply, by reason. */
export function unansweredLines(results: readonly Result[], all: boolean): readonly string[] {
  const notAsked = results.filter(({ state }) => state === 'not-asked');
  const silent = results.filter((result) => isSilent(result) && result.state !== 'not-asked');
  const line = (head: string) => (entry: readonly [reason: string, senders: readonly string[]]) =>
    `${head}: ${nameList(entry[1], all)} (${entry[0]})`;
  return [
    ...[...namesBy(silent, whySilent)].map(line('No reply from')),
    ...[...namesBy(notAsked, whyNotAsked)].map(line('Not asked')),
  ];
}

/** Names of the nodes whose outputs were cut, by the outputs. */
export function cutLines(results: readonly Result[], all: boolean): readonly string[] {
  const cut = results.filter(({ cut }) => cut !== undefined);
  return [...namesBy(cut, (result) => plainLine(outputList(result.cut ?? {})))].map(
    ([outputs, senders]) =>
      `Output cut, too large for one reply: ${outputs} of ${nameList(senders, all)} (request less)`,
  );
}

// A node decides how many it names.
function outputList(cut: Readonly<Record<string, number>>): string {
  const names = Object.keys(cut);
  const more = names.length > mostOutputs ? ` and ${names.length - mostOutputs} more` : '';
  return `${names.slice(0, mostOutputs).join(', ')}${more}`;
}

function whySilent(result: Result): string {
  // The line begins with `No reply from`.
  if (result.state === 'no-reply') return plainLine(result.statusmsg);
  const word = statusWord(result).toLowerCase();
  return result.statusmsg === `the node is ${word}` ? word : `${word}: ${plainLine(result.statusmsg)}`;
}

function whyNotAsked({ statusmsg }: Result): string {
  return plainLine(statusmsg.replace(/^not asked: /, ''));
}

function finished(screen: Screen, { stats, found }: Report): string {
  const { targets, answered, ok, callSeconds } = stats;
  const failed = answered > ok ? `, ${answered - ok} not ok` : '';
  const offline =
    found.method === 'broadcast' && found.offline.length > 0
      ? `; ${counted(found.offline.length)} offline`
      : '';
  const away = found.unreachable?.length ?? 0;
  const outOfReach = away > 0 ? `; ${counted(away)} out of reach` : '';
  const words = limitWords(found);
  const limited = words === '' ? '' : `; ${words}`;
  const line = `Finished processing ${answered} / ${targets} hosts in ${span(callSeconds)}${failed}${offline}${outOfReach}${limited}`;
  const isWhole = answered === targets && ok === answered && away === 0;
  return screen.paintNote(isWhole ? 'green' : 'red', line);
}

/** From how many nodes the called ones were selected, and how to select the same ones. */
export function limitWords({ before, seed }: Pick<Found, 'before' | 'seed'>): string {
  if (before === undefined || seed === undefined) return '';
  return `selected from ${counted(before)} (--limit-seed ${seed} selects the same ones)`;
}

function statsBlock({ stats, found }: Report): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Nodes', `${stats.answered} / ${stats.targets}`],
    ['Pass / Fail', `${stats.ok} / ${stats.answered - stats.ok}`],
    ['No Reply', String(stats.targets - stats.answered)],
    ['Unexpected', String(stats.unexpected.length)],
    ['Offline', found.method === 'named' ? 'not checked' : String(found.offline.length)],
    ['Out of Reach', found.unreachable === undefined ? 'not known' : String(found.unreachable.length)],
    ['Discovery Time', discoveryTime(found)],
    ...(found.source === undefined ? [] : ([['Discovered By', found.source]] as const)),
    ['Agent Time', span(stats.callSeconds)],
    ['Total Time', span(found.seconds + stats.callSeconds)],
    ['Request Id', stats.requestId],
    ...(limitWords(found) === '' ? [] : ([['Limit', limitWords(found)]] as const)),
  ];
  return [
    '',
    '---- request stats ----',
    ...rows.map(([label, text]) => `${label.padStart(20)}: ${text}`),
  ].join('\n');
}

function discoveryTime({ method, source, byRequest, seconds }: Found): string {
  if (byRequest) return 'none (the request was the discovery)';
  return method === 'named' && source === undefined ? 'none (the nodes were named)' : span(seconds);
}
