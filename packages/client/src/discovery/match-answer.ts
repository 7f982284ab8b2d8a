import { emptyFilter, type Filter, isEmptyFilter, type Reply, Status } from '@troupe/core';

/** What a node says of itself by its answer: that it is meant, that it is not, or neither. */
export type Verdict = 'matched' | 'unmatched' | 'refused';

/** Reads it in a reply; nothing where the reply says nothing of it yet. */
export type Judge = (reply: Reply) => Verdict | undefined;

/** Reads the answers to the question of a discovery. */
export const judgePing: Judge = (reply) => {
  if (reply.kind !== 'result' || reply.outcome === 'busy') return undefined;
  if (reply.outcome === 'ok') return 'matched';
  return reply.outcome === 'unmatched' ? 'unmatched' : 'refused';
};

/** Reads the replies to a request that itself carries the filter: whatever a node says of running it, it is meant. */
export function judgeRequest(filter: Filter): Judge {
  // Names and agents are judged before the policy, everything else after it (docs/protocol.md, "Discovery, and calls without one").
  const isPlain = isEmptyFilter({ ...filter, identities: emptyFilter.identities });
  return (reply) => {
    if (reply.kind !== 'result') return 'matched';
    const { outcome, statuscode, agent } = reply;
    // One that keeps nothing of a request names no agent.
    if (outcome === 'unmatched' || (outcome === 'unknown' && agent === '')) return 'unmatched';
    if (outcome === 'expired') return 'refused';
    const mayBeFilter = outcome === 'denied' || (outcome === 'failed' && statuscode === Status.invalidData);
    return mayBeFilter && !isPlain ? 'refused' : 'matched';
  };
}
