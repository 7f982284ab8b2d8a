import { readdirSync } from 'node:fs';
import { ownsNumber, type ProcessIdentity } from './identity.js';
import { bootId, hasProc, readStat, type Stat } from './proc.js';

/** A process of a family. */
export interface Member extends ProcessIdentity {
  /** The process group that it is in. */
  readonly group: number;
}

/**
 * The members of the group that `leader` leads and everything that descends from them: Puppet gives each command
 * that it runs a session of its own, so that the group alone does not hold them.
 */
export function familyOf(leader: ProcessIdentity): Member[] {
  if (!hasProc() || !ownsNumber(leader)) return [];
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat): stat is Stat => stat !== undefined);
  const family = new Set(all.filter((stat) => stat.group === leader.pid).map((stat) => stat.pid));
  for (let grown = true; grown; ) {
    const children = all.filter((stat) => family.has(stat.parent) && !family.has(stat.pid));
    for (const child of children) family.add(child.pid);
    grown = children.length > 0;
  }
  const boot = bootId();
  return all
    .filter((stat) => family.has(stat.pid))
    .map(({ pid, startTicks, group }) => ({ pid, startTicks, bootId: boot, group }));
}
