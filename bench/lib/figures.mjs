import { round } from './machine.mjs';

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The times of `rounds` runs, in order. */
export async function times(rounds, work) {
  const all = [];
  for (let index = 0; index < rounds; index += 1) all.push(await timed(() => work(index)));
  return all;
}

/** The value below which a share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values) => quantile(values, 0.5);

/** The rows of a table: each figure by its name, with its median over the rounds of each one that is compared. */
export function medianRows(compared) {
  return Object.keys(compared[0][0]).map((name) => [
    name,
    ...compared.map((rounds) => round(median(rounds.map((figures) => figures[name])), 2)),
  ]);
}

/** `median (min … max)` in milliseconds, for a table. */
export function spread(values, digits = 0) {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)];
  return `${round(middle, digits)} (${round(least, digits)} … ${round(most, digits)})`;
}

export const ratio = (value, baseline) => `${round(value / baseline, 2)} x`;
