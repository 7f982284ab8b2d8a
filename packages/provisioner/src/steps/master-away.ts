import { messageOf } from '@troupe/core';
import { StepFailure } from '../rpc/failure.js';
import type { StepContext } from './step.js';

/**
 * Attributes a failure to the master if its CA does not reply, also if the master vanished while it was asked: then it does
 * not count against the node, which waits for the master.
 */
export async function attributed(error: unknown, { master, masters, signal }: StepContext): Promise<unknown> {
  if (!(error instanceof StepFailure) || signal.aborted) return error;
  // Of another host, such as the node, it says nothing about the master.
  const isSilence = error.kind === 'unreachable' || error.kind === 'interrupted';
  if (error.kind !== 'failed' && !(isSilence && error.host === master.identity)) return error;
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
