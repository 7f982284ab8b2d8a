import { readFileSync } from 'node:fs';

const mebibyte = 1024 * 1024;
const pageBytes = 4096;

/** Resident memory of a process in MiB. */
export function residentMemory(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * pageBytes) / mebibyte;
}

/** How the memory of a process went, in MiB. */
export interface MemoryCourse {
  /** The median of the second quarter of the samples, when caches are filled, and of the last. */
  readonly before: number;
  readonly after: number;
  readonly most: number;
  readonly isFlat: boolean;
}

/** What a process may grow by, of what it had: the garbage collector does not work to the megabyte. */
const mostGrowth = 0.15;
const leastGrowth = 16;

/** Judges samples that were taken at equal intervals. */
export function courseOf(samples: readonly number[]): MemoryCourse {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const before = median(samples.slice(quarter, 2 * quarter));
  const after = median(samples.slice(-quarter));
  const isFlat = after - before <= Math.max(leastGrowth, mostGrowth * before);
  return { before, after, most: Math.max(...samples), isFlat };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
