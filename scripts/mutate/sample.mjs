import { createHash } from 'node:crypto';

/** Identifies a mutant even after lines have moved. */
export function idOf({ file, within, change, nth }) {
  return JSON.stringify([file, within, change, nth]);
}

/**
 * Picks `count` mutants at random (all if there are fewer); the same seed picks the same ones. Each mutant has its own
 * random rank, so a change elsewhere in the code does not change the selection.
 */
export function sample(mutants, count, seed) {
  const lots = mutants.map((mutant) => ({ mutant, lot: lotOf(`${seed} ${idOf(mutant)}`) }));
  return lots
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
}

function lotOf(text) {
  return createHash('sha256').update(text).digest('hex');
}
