import { emptyFilter, type Request } from '@troupe/core';

/** A request of rip.mcollective, made when the clock said 1000, unless `parts` say otherwise. */
export function requestOf(parts: Partial<Request> = {}): Request {
  return {
    v: 2,
    type: 'request',
    id: 'a'.repeat(32),
    time: 1000,
    ttl: 60,
    caller: 'rip.mcollective',
    session: 's1',
    collective: 'mcollective',
    agent: 'work',
    action: 'do',
    filter: emptyFilter,
    input: {},
    ...parts,
  };
}
