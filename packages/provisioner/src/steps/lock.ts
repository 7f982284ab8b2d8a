import { Lease } from '../node/lease.js';
import { readRecord } from '../node/node-record.js';
import { StepFailure } from '../rpc/failure.js';
import type { Step, StepContext } from './step.js';

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
      if (error instanceof StepFailure && error.kind === 'failed' && (await isTaken(session, owner, signal)))
        throw new StepFailure('lost', error.message, { cause: error });
      throw error;
    }
    if (!session.isQuarantined) await receipts?.give(session.node, signal, log);
    return { outcome: 'ok' };
  },
};

// Another provisioner was faster, or quarantined the node meanwhile: otherwise the node itself failed, as with a full disk.
async function isTaken({ node, isQuarantined }: StepContext['session'], owner: string, signal: AbortSignal) {
  const status = await node
    .ask('status', (agent, options) => agent.status({}, options), { signal })
    .catch(() => undefined);
  if (!status) return false;
  const { lease, quarantine } = readRecord(status);
  return (lease !== undefined && lease.owner !== owner) || (quarantine !== undefined) !== isQuarantined;
}
