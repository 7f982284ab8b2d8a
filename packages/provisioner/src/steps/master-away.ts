import { messageOf } from '@troupe/core';
import { StepFailure } from '../rpc/failure.js';
import type { StepContext } from './step.js';

/** Attributes a failure to the master if its CA does not reply: then it does not count against the node. */
export async function attributed(error: unknown, { master, masters, signal }: StepContext): Promise<unknown> {
  if (!(error instanceof StepFailure) || error.kind !== 'failed' || signal.aborted) return error;
  const isAlive = await masters.isAlive(master.identity).catch(() => false);
  if (isAlive) return error;
  masters.forget();
  masters.missed(master.identity);
  return new StepFailure(
    'master-away',
    `${messageOf(error)}; the CA of its master ${master.identity} does not reply`,
    {
      cause: error,
      ...(error.run === undefined ? {} : { run: error.run }),
      ...(error.runSeconds === undefined ? {} : { runSeconds: error.runSeconds }),
    },
  );
}
