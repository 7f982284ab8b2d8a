import { defaultTtl, newId, request } from '../connection/node-messages.js';
import type { Router } from '../connection/router.js';
import type { PresenceView } from '../presence/presence-view.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import { matchOfPing } from './match-answer.js';
import { Search } from './search.js';
import { areFew, isUnfiltered } from './who-answers.js';

/** Asks the network which nodes match a filter. */
export async function discover(
  router: Router,
  presence: PresenceView,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const { among, filter, collective } = options;
  const matchesAll = isUnfiltered(filter) && !among;
  // Where all are meant, those who are online may still be told while they answer.
  if (!matchesAll) await presence.settled();
  const isFew = areFew(presence.online().length);
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
  return new Search(router, presence, { message, readMatch: matchOfPing, answerUnmatched }, options).run();
}
