import { messageOf } from '@troupe/core';
import { StepFailure } from '../rpc/failure.js';
import type { StepContext } from './step.js';

/** What a failure says when it may be the master's: one that came while the CA of the master was away says nothing of the node. */
export async function judged(error: unknown, { master, masters, signal }: StepContext): Promise<unknown> {
  if (!(error instanceof StepFailure) || error.kind !== 'failed' || signal.aborted) return error;
  const isAlive = await masters.isAlive(master.identity).catch(() => false);
  if (isAlive) return error;
  masters.forget();
  return new StepFailure(
    'unreachable',
    `${messageOf(error)}; the CA of its master ${master.identity} does not answer`,
    {
      cause: error,
      ...(error.run === undefined ? {} : { run: error.run }),
      ...(error.runSeconds === undefined ? {} : { runSeconds: error.runSeconds }),
    },
  );
}
