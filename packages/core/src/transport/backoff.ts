/** Milliseconds to wait before try number `attempt` (from 1): full jitter under a doubling bound, so that a fleet does not come back at once. */
export function backoff(
  attempt: number,
  options: { first: number; most: number },
  random = Math.random,
): number {
  const bound = Math.min(options.most, options.first * 2 ** Math.min(attempt - 1, 30));
  return bound / 2 + (random() * bound) / 2;
}
