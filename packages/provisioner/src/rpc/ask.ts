import type { Call, Result } from '@troupe/client';
import { asFailure, failureOf } from './failure.js';
import type { KeyPin } from './key-pin.js';

/**
 * The result of a successful call to one node. Throws StepFailure, whose message begins with `what` and names the node.
 * `pin` is that of the node that is provisioned: no other machine with its name may reply.
 */
export async function ask<Data>(call: () => Call<Data>, what: string, pin?: KeyPin): Promise<Result<Data>> {
  return good(await answerTo(call, what), what, pin);
}

/** A result that must be successful and of the pinned machine. Throws StepFailure as {@link ask} does. */
export function good<Data>(result: Result<Data>, what: string, pin?: KeyPin): Result<Data> {
  pin?.check(result);
  const failure = failureOf(result, what);
  if (failure) throw failure;
  return result;
}

/** The result of a call to one node, successful or not. Throws StepFailure if it could not be made. */
export async function answerTo<Data>(call: () => Call<Data>, what: string): Promise<Result<Data>> {
  try {
    return await call().one();
  } catch (error) {
    throw asFailure(error, what);
  }
}
