/**
 * How long to wait before try number `attempt` (from 1), in the unit of `first` and `most`: a bound that doubles up to
 * `most`, shortened at random by up to half, so that what failed together does not come back together.
 */
export function equalJitterBackoff(
  attempt: number,
  { first, most }: { readonly first: number; readonly most: number },
  random: () => number = Math.random,
): number {
  const bound = Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  return bound / 2 + (random() * bound) / 2;
}
