import { messageOf } from '@troupe/core';
import { type NodeRecord, readRecord } from '../node/node-record.js';
import { StepFailure } from '../rpc/failure.js';
import { KeyPin } from '../rpc/key-pin.js';
import { neverAborts } from '../rpc/never-aborts.js';
import { NodeAgent } from '../rpc/node-agent.js';
import type { Peers } from '../rpc/peers.js';

/** A node given on the command line, and its provisioning record. */
export interface FoundNode {
  readonly node: NodeAgent;
  readonly record: NodeRecord;
}

/** Asks a node in both collectives. Throws StepFailure if it replies in neither. */
export async function findNode(identity: string, peers: Peers): Promise<FoundNode> {
  const collectives = [...new Set([peers.enrolment, peers.main])];
  const tries = collectives.map(async (collective) => {
    const node = new NodeAgent({ peers, identity, collective, pin: new KeyPin(false) });
    const status = await node.ask('status', (agent, options) => agent.status({}, options), {
      answerWithin: 3,
      signal: neverAborts,
    });
    return { node, record: readRecord(status) };
  });
  try {
    return await Promise.any(tries);
  } catch (cause) {
    const { errors } = cause as AggregateError;
    const reasons = errors.map((error, index) => `${collectives[index]}: ${messageOf(error)}`);
    throw new StepFailure(
      'unreachable',
      `cannot read the provisioning state of ${identity} (${reasons.join('; ')})`,
      {
        cause,
      },
    );
  }
}
