import { StepFailure } from '../rpc/failure.js';

/** The time limit of a step, and the signal that ends it. */
export interface StepTime {
  readonly seconds: number;
  readonly signal: AbortSignal;
  clear(): void;
}

/** Seconds in which the timeout reply of a node may still arrive. */
const grace = 15;

/** Starts the timer of a step; `others` end the step too. */
export function stepTime(name: string, seconds: number, others: readonly AbortSignal[]): StepTime {
  const over = new AbortController();
  const reason = new StepFailure('failed', `timeout: the step ${name} did not finish within ${seconds} s`);
  const timer = setTimeout(() => over.abort(reason), (seconds + grace) * 1000);
  return { seconds, signal: AbortSignal.any([...others, over.signal]), clear: () => clearTimeout(timer) };
}
