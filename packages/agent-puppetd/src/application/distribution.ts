const bars = '▁▂▃▄▅▆▇█';

/** How often values fall into equal parts of their range, and the range. */
export interface Distribution {
  readonly counts: readonly number[];
  readonly min: number;
  readonly average: number;
  readonly max: number;
}

/** Counts values in `buckets` equal parts of their range; nothing where there are no values. */
export function distributionOf(values: readonly number[], buckets = 20): Distribution | undefined {
  if (values.length === 0) return undefined;
  const min = values.reduce((least, value) => Math.min(least, value));
  const max = values.reduce((most, value) => Math.max(most, value));
  const width = (max - min) / buckets;
  const counts = new Array<number>(buckets).fill(0);
  for (const value of values) {
    const bucket = width === 0 ? 0 : Math.min(buckets - 1, Math.floor((value - min) / width));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { counts, min, average: values.reduce((sum, value) => sum + value, 0) / values.length, max };
}

/** A bar for each count; where there is something, there is more than the lowest bar. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(...counts, 1);
  const barOf = (count: number) =>
    count === 0 ? 0 : Math.max(1, Math.round((count / most) * (bars.length - 1)));
  return counts.map((count) => bars[barOf(count)]).join('');
}
