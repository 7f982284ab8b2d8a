import { StepFailure } from '../rpc/failure.js';

/** The time that a step has, and the signal that ends it. */
export interface StepTime {
  readonly seconds: number;
  readonly signal: AbortSignal;
  clear(): void;
}

/** Seconds in which what a node says of the end of its time may still arrive. */
const grace = 15;

/** Begins the time of a step; `others` end the step too. */
export function stepTime(name: string, seconds: number, others: readonly AbortSignal[]): StepTime {
  const over = new AbortController();
  const reason = new StepFailure('failed', `the step ${name} did not end within its ${seconds} s`);
  const timer = setTimeout(() => over.abort(reason), (seconds + grace) * 1000);
  return { seconds, signal: AbortSignal.any([...others, over.signal]), clear: () => clearTimeout(timer) };
}
