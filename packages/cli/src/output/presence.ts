import type { Discovery } from '@troupe/client';
import { type Filter, isEmptyFilter } from '@troupe/core';
import type { Screen } from '../terminal/screen.js';
import { columns } from './columns.js';
import { nameList, namesBy } from './naming.js';
import { plainLine } from './plain.js';
import { counted } from './wording.js';

/** The number of offline nodes whose names are shown without --verbose. */
const mostNames = 10;

const cannotEvaluate = 'cannot evaluate the filter: ';

/**
 * Reports, on standard error, which nodes did not say whether they match, and why: most often they lack a data plugin, or
 * are busy.
 */
export function refusalNotes(screen: Screen, { refused }: Pick<Discovery, 'refused'>): void {
  for (const [reason, senders] of namesBy(refused, ({ statusmsg }) => plainLine(statusmsg))) {
    const words = reason.startsWith(cannotEvaluate) ? reason : `refused the discovery: ${reason}`;
    screen.note(screen.paintNote('yellow', `mco: ${nameList(senders, screen.isVerbose)} ${words}`));
  }
}

/** Reports, on standard error, which online nodes did not respond, and which nodes are offline. */
export function presenceNotes(screen: Screen, { silent, offline, nodes }: Discovery, filter: Filter): void {
  if (silent.length > 0) {
    screen.warn(`\nOnline, but no response: ${counted(silent.length)}\n`);
    for (const line of columns(silent, screen.width)) screen.warn(line);
  }
  const away = offline.filter((identity) => !nodes.includes(identity));
  if (away.length > 0) {
    const note = isEmptyFilter(filter) ? '' : ', which may or may not match the filter';
    const isLong = away.length > mostNames && !screen.isVerbose;
    screen.note(`\nOffline: ${counted(away.length)}${note}${isLong ? ' (-v lists them)' : '\n'}`);
    if (!isLong) for (const line of columns(away, screen.width)) screen.note(line);
  }
}

/** Reports, on standard error, which nodes replied to earlier commands and are out of reach. */
export function reachNotes(screen: Screen, unreachable: readonly string[], filter: Filter): void {
  if (unreachable.length === 0) return;
  const note = isEmptyFilter(filter) ? '' : ', which may or may not match the filter';
  screen.warn(`\nOut of reach: ${counted(unreachable.length)}${note} (${whyUnreachable})\n`);
  const isLong = unreachable.length > 5 * mostNames && !screen.isVerbose;
  const shown = isLong ? unreachable.slice(0, 5 * mostNames) : unreachable;
  for (const line of columns(shown, screen.width)) screen.warn(line);
  if (isLong) screen.warn(`and ${unreachable.length - shown.length} more (-v lists them)`);
}

/** Why nodes are named that the broker does not know. */
export const whyUnreachable =
  'they replied within the last 7 days, but not now: their region may be cut off; if they no longer exist, run mco node forget NAME';
