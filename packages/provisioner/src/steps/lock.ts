import { Lease } from '../node/lease.js';
import { StepFailure } from '../rpc/failure.js';
import type { Step } from './step.js';

/** Takes the lease of the node, so that no other provisioner works on it. */
export const lock: Step = {
  name: 'lock',
  timeoutSeconds: 30,
  isRepeated: true,
  recording: 'after',
  run: async ({ session, owner, config, receipts, log, signal }) => {
    try {
      const { isQuarantined: notify } = session;
      session.lease = await Lease.take(session, { owner, seconds: config.leaseSeconds, notify, log, signal });
    } catch (error) {
      // Another provisioner was faster, or quarantined the node meanwhile.
      if (error instanceof StepFailure && error.kind === 'failed') {
        throw new StepFailure('lost', error.message, { cause: error });
      }
      throw error;
    }
    if (!session.isQuarantined) await receipts?.give(session.node, signal, log);
    return { outcome: 'ok' };
  },
};
