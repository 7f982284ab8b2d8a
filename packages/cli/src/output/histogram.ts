const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const mostRows = 15;

/** How many of some times, in milliseconds, fall into each of a few ranges of the same width. */
export function histogram(times: readonly number[], width: number): readonly string[] {
  if (times.length === 0) return [];
  const first = Math.min(...times);
  const last = Math.max(...times);
  const step = steps.find((size) => Math.floor(last / size) - Math.floor(first / size) < mostRows) ?? 10_000;
  const from = Math.floor(first / step);
  const counts = Array.from({ length: Math.floor(last / step) - from + 1 }, () => 0);
  for (const time of times) {
    const row = Math.floor(time / step) - from;
    counts[row] = (counts[row] ?? 0) + 1;
  }
  const highest = Math.max(...counts);
  const digits = String((from + counts.length) * step).length;
  const room = Math.max(10, Math.min(50, width - 2 * digits - 20));
  return counts.map((count, row) => {
    const low = String((from + row) * step).padStart(digits);
    const high = String((from + row + 1) * step).padStart(digits);
    const bar = '#'.repeat(Math.ceil((count / highest) * room));
    return `   ${low} to ${high} ms  ${String(count).padStart(4)}  ${bar}`.trimEnd();
  });
}
