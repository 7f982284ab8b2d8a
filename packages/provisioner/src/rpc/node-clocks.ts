import type { Result } from '@troupe/client';
import { BoundedMap } from '@troupe/core/internal';

const mostNodes = 20_000;
/** Milliseconds from which on a clock counts as wrong: nodes refuse requests that differ by more. */
const wrongFrom = 60_000;
/** Milliseconds from which on a request is dated by the clock of the node. */
const datedFrom = 30_000;
/** The most milliseconds by which a request is dated: a day, and an hour for summer time. */
const mostDated = 25 * 3_600_000;
/** Seconds after which a reply says little about the clock of its node. */
const mostSeconds = 5;

/** By how much the clocks of nodes are wrong, as their signed replies say. */
export class NodeClocks {
  // bound: nodes whose clock is wrong | nodes; with an enrolment token, under any name | {mostNodes} | 100 bytes each |
  // the one that replied the longest time ago is removed, and measured again
  readonly #offsets = new BoundedMap<string, number>({ most: mostNodes });

  note(identity: string, { clockOffset, seconds }: Pick<Result, 'clockOffset' | 'seconds'>): void {
    if (clockOffset === undefined || seconds > mostSeconds) return;
    if (Math.abs(clockOffset) < datedFrom) this.#offsets.delete(identity);
    else this.#offsets.set(identity, clockOffset);
  }

  /** By how many milliseconds the clock of a node is ahead, if it is wrong; negative: behind. */
  wrongBy(identity: string): number | undefined {
    const offset = this.#offsets.peek(identity);
    return offset !== undefined && Math.abs(offset) > wrongFrom ? offset : undefined;
  }

  /** By how many milliseconds a request to a new machine is dated ahead: 0 if its clock is right, or wrong by more than a day. */
  datedBy(identity: string): number {
    const offset = this.#offsets.peek(identity) ?? 0;
    return Math.abs(offset) > mostDated ? 0 : offset;
  }
}

/** Such as `its clock is 10 min behind`. */
export function wordsOfClock(offset: number): string {
  const seconds = Math.round(Math.abs(offset) / 1000);
  return `its clock is ${wordsOfSeconds(seconds)} ${offset < 0 ? 'behind' : 'ahead'}`;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

// With one smaller unit at most, as people say it.
function wordsOfSeconds(seconds: number): string {
  for (const [index, [unit, size]] of units.entries()) {
    if (seconds < size) continue;
    const [smaller = 's', smallerSize = 1] = units[index + 1] ?? [];
    const rest = Math.floor((seconds % size) / smallerSize);
    return `${Math.floor(seconds / size)} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ''}`;
  }
  return `${seconds} s`;
}
