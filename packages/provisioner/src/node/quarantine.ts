import { oneLine } from '@troupe/core/internal';
import { KeyPin } from '../rpc/key-pin.js';
import { neverAborts } from '../rpc/never-aborts.js';
import { NodeAgent } from '../rpc/node-agent.js';
import type { Peers } from '../rpc/peers.js';

/**
 * Quarantines a node: no provisioner gets its lease until it is released, except to send the notification if `notify`
 * is set. Returns since when. Throws StepFailure if the node cannot be reached.
 */
export async function quarantineNode(
  node: NodeAgent,
  reason: string,
  notify = false,
): Promise<string | undefined> {
  const text = { reason: oneLine(reason), ...(notify ? { notify } : {}) };
  const options = { answerWithin: 5, signal: neverAborts };
  const { since } = await node.change(
    'quarantine',
    (agent, claim, given) => agent.quarantine({ ...text, ...claim }, given),
    options,
  );
  return since ?? undefined;
}

/** Quarantines whatever machine has the name now, with the lease if it granted it; returns whether that succeeded. */
export async function quarantineByName(
  target: { readonly identity: string; readonly collective: string; readonly token?: number | undefined },
  peers: Peers,
  reason: string,
): Promise<boolean> {
  for (const token of new Set([target.token, undefined])) {
    const { identity, collective } = target;
    const node = new NodeAgent({ peers, identity, collective, pin: new KeyPin(false), token });
    const isRecorded = await quarantineNode(node, reason).then(
      () => true,
      () => false,
    );
    if (isRecorded) return true;
  }
  return false;
}
