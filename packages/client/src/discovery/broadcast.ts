import { randomInt } from 'node:crypto';
import { isEmptyFilter, type Request } from '@troupe/core';
import { onAbort } from '../abort.js';
import { Change } from '../change.js';
import { newId, request } from '../message.js';
import type { PresenceView } from '../presence.js';
import type { Router } from '../router.js';
import { chunks, pick } from '../share.js';
import { namesInMessage } from '../targets.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import { Tally } from './tally.js';

/** Up to so many nodes that are online, each one answers, matched or not, so that discovery ends with the last of them. */
const everybodyAnswers = 2_000;
const tickEvery = 25;
const ttl = 60;

/** Asks the network which nodes match a filter. */
export async function discover(
  router: Router,
  presence: PresenceView,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const start = Date.now();
  const { among, filter, collective, window, most = Number.POSITIVE_INFINITY, signal } = options;
  // Who is online may still be told while nodes answer already.
  const online = () =>
    among?.filter((identity) => presence.isOnline(identity) !== false) ?? presence.online();
  const expected = online();
  const matchesAll = isEmptyFilter(filter) && filter.agents.length === 0;
  const isFew = expected.length > 0 && expected.length <= everybodyAnswers;
  const everybody = matchesAll || among !== undefined || (options.everybody ?? isFew);
  const sample = (names: readonly string[], count: number) => pick(names, count, randomInt(2 ** 32));
  const tally = new Tally({ expected, everybody, sample }, start);
  let known = presence.size;
  const change = new Change();
  const wake = () => change.tell();
  const message = request({
    id: newId(),
    ttl,
    caller: router.caller,
    session: router.session,
    collective,
    agent: 'discovery',
    action: 'ping',
    filter,
    input: {},
    answerUnmatched: everybody,
  });
  const stop = await router.listen(collective, message.id, (reply) => {
    if (tally.matched.size >= most) return;
    if (tally.take(reply)) options.onNode?.(reply.sender, Date.now() - start);
    wake();
  });
  const ignore = onAbort(signal, wake);
  try {
    if (among) await askEach(router, message, among);
    else await router.broadcast(message, 'discovery');
    while (!signal?.aborted && tally.matched.size < most) {
      if (window !== undefined) {
        if (Date.now() - start >= window * 1000) break;
      } else if (!router.isBehind) {
        // What has come and is not checked yet is no silence.
        if (presence.size !== known) {
          known = presence.size;
          tally.expect(online());
        }
        const { ask, isOver } = tally.tick(Date.now());
        if (isOver && presence.isSettled()) break;
        await askEach(router, message, ask).catch(unlessDisconnected);
      }
      await change.wait(tickEvery);
    }
  } finally {
    stop();
    ignore();
  }
  const isCut = signal?.aborted === true || options.most !== undefined;
  return {
    method: 'broadcast',
    nodes: [...tally.matched].sort(),
    silent: everybody && !isCut ? [...tally.missing()].sort() : [],
    refused: [...tally.refused].map(([sender, statusmsg]) => ({ sender, statusmsg })),
    offline: [...presence.offline()].sort(),
    seconds: (Date.now() - start) / 1000,
  };
}

async function askEach(router: Router, message: Request, identities: readonly string[]): Promise<void> {
  for (const targets of chunks(identities, namesInMessage))
    await router.direct({ ...message, targets, answerUnmatched: true }, targets);
}

// Without a broker now: the next round asks again.
function unlessDisconnected(error: unknown): void {
  if ((error as { code?: string }).code !== 'NOT_CONNECTED') throw error;
}
