import type { Call, Result } from '@troupe/client';
import { asFailure, failureOf } from './failure.js';

/** How a call to one node ended, if well. Throws StepFailure, which says `what` was asked of whom. */
export async function ask<Data>(call: () => Call<Data>, what: string): Promise<Result<Data>> {
  const result = await answerTo(call, what);
  const failure = failureOf(result, what);
  if (failure) throw failure;
  return result;
}

/** How a call to one node ended, well or not. Throws StepFailure where it could not be made. */
export async function answerTo<Data>(call: () => Call<Data>, what: string): Promise<Result<Data>> {
  try {
    return await call().one();
  } catch (error) {
    throw asFailure(error, what);
  }
}
