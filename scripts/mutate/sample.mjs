import { createHash } from 'node:crypto';

/** What a mutant is called in the file of the judged ones: stays the same when lines move. */
export function idOf({ file, within, change, nth }) {
  return JSON.stringify([file, within, change, nth]);
}

/**
 * `count` of the mutants at random, the same for the same seed; all where there are no more. Each has its own lot, so
 * that a change elsewhere draws no others.
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
