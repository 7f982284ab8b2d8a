import { Lease } from '../node/lease.js';
import { StepFailure } from '../rpc/failure.js';
import type { Step } from './step.js';

/** Takes the lease of the node, so that nobody else works on it. */
export const lock: Step = {
  name: 'lock',
  timeoutSeconds: 30,
  isRepeated: true,
  recording: 'after',
  run: async ({ session, owner, config, log, signal }) => {
    try {
      const { isQuarantined: notify } = session;
      session.lease = await Lease.take(session, { owner, seconds: config.leaseSeconds, notify, log, signal });
    } catch (error) {
      // Somebody else was faster, or put the node aside meanwhile.
      if (error instanceof StepFailure && error.kind === 'failed') {
        throw new StepFailure('lost', error.message, { cause: error });
      }
      throw error;
    }
    return { outcome: 'ok' };
  },
};
