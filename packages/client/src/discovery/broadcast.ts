import { randomInt } from 'node:crypto';
import { emptyFilter } from '@troupe/core';
import { naturalOrder } from '@troupe/core/internal';
import { defaultTtl, newId, request } from '../connection/node-messages.js';
import type { Router } from '../connection/router.js';
import type { PresenceView } from '../presence/presence-view.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import { matchOfPing } from './match-answer.js';
import { Search } from './search.js';
import { pick } from './share.js';
import { areFew, isUnfiltered } from './who-answers.js';

/** Asks the network which nodes match a filter. */
export async function discover(
  router: Router,
  presence: PresenceView,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const { earlier: given, ...others } = options;
  const { among, filter, collective } = options;
  // Not for those that are named anyway.
  const earlier = among ? [] : (given ?? []);
  const matchesAll = isUnfiltered(filter) && !among;
  // Where all are meant, those who are online may still be told while they answer.
  if (!matchesAll) await presence.settled();
  const isFew = areFew(presence.online().length || earlier.length);
  const answerUnmatched = matchesAll || among !== undefined || (options.answerUnmatched ?? isFew);
  const { caller, session } = router;
  const message = request({
    id: newId(),
    ttl: defaultTtl,
    caller,
    session,
    collective,
    agent: 'discovery',
    action: 'ping',
    filter,
    input: {},
  });
  const found = await new Search(
    router,
    presence,
    { message, readMatch: matchOfPing, answerUnmatched },
    among ? others : options,
  ).run();
  if (answerUnmatched || !found.unreachable) return found;
  return { ...found, unreachable: await stillUnreachable(router, presence, options, found.unreachable) };
}

/** Nodes that are asked to learn whether all of them are out of reach. */
const sampleSize = 100;

// In a large fleet only those that match reply, so that the others are not out of reach for having said nothing.
async function stillUnreachable(
  router: Router,
  presence: PresenceView,
  { collective, signal }: DiscoveryOptions,
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const among = pick(names, sampleSize, randomInt(2 ** 32));
  const asked = { collective, filter: emptyFilter, among, ...(signal ? { signal } : {}) };
  const { nodes, refused } = await discover(router, presence, asked);
  const replied = new Set([...nodes, ...refused.map(({ sender }) => sender)]);
  return replied.size === 0 ? names : among.filter((identity) => !replied.has(identity)).sort(naturalOrder);
}
