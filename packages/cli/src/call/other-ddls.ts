import { type AcceptDdl, type OtherDdl, originOf } from '@troupe/client';
import { type Ddl, isEmptyFilter } from '@troupe/core';
import { nameList } from '../output/naming.js';
import { plainLine } from '../output/plain.js';
import { confirm } from './confirmation.js';
import type { Setting } from './setting.js';

/** A DDL by its version, and where it is from if the caller has it from a node: `1.0.0 from web1`. */
export function versionOf(ddl: Ddl): string {
  const origin = originOf(ddl);
  return plainLine(`${ddl.metadata.version}${origin === undefined ? '' : ` from ${origin}`}`);
}

/**
 * Calls nodes with another DDL as well, except where only theirs says that the action changes the host: that is
 * confirmed, as without a filter every change is.
 */
export function acceptanceOf(
  { screen, filter }: Pick<Setting, 'screen' | 'filter'>,
  options: { readonly yes?: true },
): AcceptDdl {
  return async (other) => {
    if (!other.isNewlyMutating || options.yes || !isEmptyFilter(filter)) return true;
    if (!screen.isInteractive) return false;
    return confirm(screen, questionOf(other), '');
  };
}

function questionOf({ agent, action, here, there, nodes }: OtherDdl): string {
  const where = `The DDL on ${nameList(nodes, false)} (${plainLine(there.metadata.version)}) says that ${agent} ${action} changes hosts`;
  return `${where}; the one of this call (${versionOf(here)}) does not. Run it on the nodes with that DDL?`;
}

/** Names the nodes that were called under another DDL, and in what it differs. */
export function noteOtherDdls({ screen }: Pick<Setting, 'screen'>, others: readonly OtherDdl[]): void {
  for (const { agent, here, there, differences, nodes } of others) {
    if (nodes.length === 0) continue;
    const what = differences.length === 0 ? 'only texts differ' : differences.join(', ');
    const names = nameList(nodes, screen.isVerbose);
    const note = `the DDL of "${agent}" has version ${there.metadata.version} on ${names}, not ${versionOf(here)}: ${plainLine(what)}`;
    screen.note(screen.paintNote('yellow', `mco: ${plainLine(note)}`));
  }
}
