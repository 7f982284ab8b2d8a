import { naturalOrder } from '@troupe/core/internal';

/** The number of names in one list without --verbose. */
const most = 100;

/** Names, sorted, in one line. */
export function nameList(names: readonly string[], all: boolean): string {
  const sorted = names.toSorted(naturalOrder);
  if (all || sorted.length <= most) return sorted.join(', ');
  return `${sorted.slice(0, most).join(', ')} and ${sorted.length - most} more (-v lists all)`;
}

/** The names of the nodes by what they have in common. */
export function namesBy<T extends { readonly sender: string }>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    group.push(item.sender);
    groups.set(keyOf(item), group);
  }
  return groups;
}
