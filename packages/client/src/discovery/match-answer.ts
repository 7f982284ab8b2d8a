import { emptyFilter, type Filter, isEmptyFilter, protocolVersion, type Reply, Status } from '@troupe/core';

/** What an answer says of whether its node matches: that it does, that it does not, or neither; or that it is asked again. */
export type MatchAnswer = 'matched' | 'unmatched' | 'refused' | 'busy';

/** Reads it from a reply; undefined where the reply does not say yet. */
export type ReadMatch = (reply: Reply) => MatchAnswer | undefined;

/** Whether a node only says to use a higher version of the protocol: nothing has become of the request. */
export function isStepUp(reply: Reply): boolean {
  return reply.kind === 'result' && reply.outcome === 'unsupported' && reply.data.use === protocolVersion;
}

/** Reads the answers to the question of a discovery. */
export const matchOfPing: ReadMatch = (reply) => {
  if (reply.kind !== 'result' || isStepUp(reply)) return undefined;
  if (reply.outcome === 'busy') return 'busy';
  if (reply.outcome === 'ok') return 'matched';
  return reply.outcome === 'unmatched' ? 'unmatched' : 'refused';
};

/** Reads the replies to a request that itself carries the filter: whatever a node says of running it, it is meant. */
export function matchOfRequest(filter: Filter): ReadMatch {
  // Names and agents are judged before the policy, everything else after it (docs/protocol.md, "Discovery, and calls without one").
  const isPlain = isEmptyFilter({ ...filter, identities: emptyFilter.identities });
  return (reply) => {
    if (reply.kind !== 'result') return 'matched';
    if (isStepUp(reply)) return undefined;
    const { outcome, statuscode, agent } = reply;
    // One that keeps nothing of a request names no agent.
    if (outcome === 'unmatched' || (outcome === 'unknown' && agent === '')) return 'unmatched';
    if (outcome === 'expired') return 'refused';
    const mayBeFilter = outcome === 'denied' || (outcome === 'failed' && statuscode === Status.invalidData);
    return mayBeFilter && !isPlain ? 'refused' : 'matched';
  };
}
