import { messageOf } from '@troupe/core';
import { StepFailure } from '../failure.js';
import { KeyPin } from '../key-pin.js';
import { NodeAgent } from '../node-agent.js';
import { type NodeRecord, readRecord } from '../node-record.js';
import type { Peers } from '../peers.js';

/** A node that was named, and what it says of its provisioning. */
export interface FoundNode {
  readonly node: NodeAgent;
  readonly record: NodeRecord;
}

/** Asks a node in both collectives. Throws StepFailure where it answers in neither. */
export async function findNode(identity: string, peers: Peers): Promise<FoundNode> {
  const collectives = [...new Set([peers.enrolment, peers.main])];
  const { signal } = new AbortController();
  const tries = collectives.map(async (collective) => {
    const node = new NodeAgent({ peers, identity, collective, pin: new KeyPin(false), signal });
    const status = await node.ask('status', (agent, options) => agent.status({}, options), {
      answerWithin: 3,
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
      `${identity} does not tell of its provisioning (${reasons.join('; ')})`,
      {
        cause,
      },
    );
  }
}
