import type { Call, CallOptions, Result } from '@troupe/client';
import { answerTo } from './ask.js';
import type { Peers } from './peers.js';

/**
 * The result of a call to one node, successful or not. A new machine whose clock is wrong by up to a day is asked again
 * with a request that is dated by its clock, as its signed reply says: so it can be enrolled, and its clock be set by
 * Puppet. The node itself makes no exception, and in the main collective the date is always the right one. Throws
 * StepFailure if the call could not be made.
 */
export async function answerOf<Data>(
  { identity, collective }: { readonly identity: string; readonly collective: string },
  { clocks, enrolment, main }: Pick<Peers, 'clocks' | 'enrolment' | 'main'>,
  call: (dated: Pick<CallOptions, 'clockOffset'>) => Call<Data>,
  what: string,
): Promise<Result<Data>> {
  const isNewcomer = collective === enrolment && enrolment !== main;
  const ask = async (clockOffset: number) => {
    const result = await answerTo(() => call(clockOffset === 0 ? {} : { clockOffset }), what);
    clocks.note(identity, result);
    return result;
  };
  const before = isNewcomer ? clocks.datedBy(identity) : 0;
  const result = await ask(before);
  const after = isNewcomer ? clocks.datedBy(identity) : 0;
  return result.state === 'expired' && after !== before ? ask(after) : result;
}
