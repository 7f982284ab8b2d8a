import type { Discovery } from '@troupe/client';
import { type Filter, isEmptyFilter } from '@troupe/core';
import type { Screen } from '../terminal/screen.js';
import { columns } from './columns.js';
import { nameList, namesBy } from './naming.js';
import { plainLine } from './plain.js';
import { counted } from './wording.js';

/** Names of offline nodes that are shown unless --verbose. */
const mostNames = 10;

/** Says, on standard error, which nodes could not say whether they match, and why: a data plugin that they lack, most often. */
export function refusalNotes(screen: Screen, { refused }: Pick<Discovery, 'refused'>): void {
  for (const [reason, senders] of namesBy(refused, ({ statusmsg }) => plainLine(statusmsg))) {
    screen.note(
      screen.paintNote(
        'yellow',
        `mco: ${nameList(senders, screen.isVerbose)} did not say whether they match: ${reason}`,
      ),
    );
  }
}

/** Says, on standard error, who is online and stayed silent, and who is offline. */
export function presenceNotes(screen: Screen, { silent, offline, nodes }: Discovery, filter: Filter): void {
  if (silent.length > 0) {
    screen.warn(`\nOnline, and said nothing: ${counted(silent.length)}\n`);
    for (const line of columns(silent, screen.width)) screen.warn(line);
  }
  const away = offline.filter((identity) => !nodes.includes(identity));
  if (away.length > 0) {
    const note = isEmptyFilter(filter) ? '' : '; whether the filter matches them is not known';
    const isLong = away.length > mostNames && !screen.isVerbose;
    screen.note(`\nOffline: ${counted(away.length)}${note}${isLong ? ' (-v names them)' : '\n'}`);
    if (!isLong) for (const line of columns(away, screen.width)) screen.note(line);
  }
}
