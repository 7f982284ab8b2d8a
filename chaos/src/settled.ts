import type { Role } from './cast.js';
import { readRecord } from './judge/collect.js';

/** How many nodes have come to an end, well or not, with no lease in force; those that are gone do not count. */
export async function settled(
  siteFolder: string,
  roles: readonly Role[],
): Promise<{ ended: number; of: number }> {
  const counted = roles.filter(({ behaviour }) => behaviour !== 'vanishes');
  const states = await Promise.all(
    counted.map(async ({ identity }) => {
      const record = await readRecord(siteFolder, identity);
      const isOver = Boolean(record?.done ?? record?.quarantine);
      const isFree = !record?.lease || Date.parse(record.lease.expires) <= Date.now();
      return isOver && isFree;
    }),
  );
  return { ended: states.filter(Boolean).length, of: counted.length };
}
