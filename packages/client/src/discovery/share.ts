import { naturalOrder } from '@troupe/core/internal';
/** A number of nodes, or a percentage of those that were found. */
export type Share = number | { readonly percent: number };

/** How many of `total` a limit lets through: percentages round down, but one is left. */
export function limited(share: Share, total: number): number {
  if (typeof share === 'number') return Math.min(share, total);
  return Math.min(total, Math.max(1, Math.floor((total * share.percent) / 100)));
}

/** How many of `total` make a batch: percentages round up. */
export function batchSize(share: Share, total: number): number {
  return typeof share === 'number' ? share : Math.max(1, Math.ceil((total * share.percent) / 100));
}

/** Picks `count` names at random, sorted. The same seed picks the same of the same names. */
export function pick(names: readonly string[], count: number, seed: number): readonly string[] {
  const random = generator(seed);
  const rest = [...names].sort();
  const picked: string[] = [];
  while (picked.length < count && rest.length > 0) {
    picked.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return picked.sort(naturalOrder);
}

/** Cuts names into groups of `size`. */
export function chunks(names: readonly string[], size: number): readonly (readonly string[])[] {
  const groups: string[][] = [];
  for (let from = 0; from < names.length; from += size) groups.push(names.slice(from, from + size));
  return groups;
}

// Mulberry32: the same numbers from the same seed, on every machine.
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
