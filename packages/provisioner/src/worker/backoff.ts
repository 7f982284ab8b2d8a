/** Seconds to wait before the `n`th new try (from 1): doubled each time, between a half and one and a half of that. */
export function backoffSeconds(
  n: number,
  { first, most }: { readonly first: number; readonly most: number },
  random: () => number = Math.random,
): number {
  const even = Math.min(most, first * 2 ** Math.min(n - 1, 30));
  return even * (0.5 + random());
}
