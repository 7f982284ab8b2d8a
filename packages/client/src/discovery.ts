import { type Filter, isEmptyFilter, type Reply } from '@troupe/core';
import { Change } from './change.js';
import { newId, request } from './message.js';
import type { PresenceView } from './presence.js';
import type { Router } from './router.js';

export interface DiscoveryOptions {
  readonly collective: string;
  readonly filter: Filter;
  /** Seconds of a fixed window; without it, discovery ends when there is nothing left to wait for. */
  readonly window?: number;
  /** Ends with the first so many that match. */
  readonly most?: number;
  readonly signal?: AbortSignal;
  /** Hears of each node as it answers, with the milliseconds it took. */
  readonly onNode?: (identity: string, milliseconds: number) => void;
}

/** Who is there. */
export interface Discovery {
  /** Whether nodes were asked, or the filter named them outright. */
  readonly method: 'broadcast' | 'named';
  /** The nodes that match, sorted. */
  readonly nodes: readonly string[];
  /** Nodes that are online and said nothing. */
  readonly silent: readonly string[];
  /** Nodes that could not say whether the filter matches, and why: a data plugin that they lack, a clock that is off. */
  readonly refused: readonly { readonly sender: string; readonly statusmsg: string }[];
  /** Nodes that the broker knows to be offline; whether the filter would match them is not known. */
  readonly offline: readonly string[];
  readonly seconds: number;
}

/** Below this many nodes each one answers, matched or not, so that discovery ends with the last of them. */
const everybodyAnswers = 200;
/** Milliseconds without an answer after which the answers have dried up. */
const leastGap = 250;
const mostGap = 1_500;
/** Milliseconds to wait for a first answer. */
const firstAnswer = 2_000;
const ttl = 60;

/** Asks the network which nodes match a filter. */
export async function discover(
  router: Router,
  presence: PresenceView,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const start = Date.now();
  const online = new Set(presence.online());
  const matchesAll = isEmptyFilter(options.filter) && options.filter.agents.length === 0;
  const all = matchesAll || (online.size > 0 && online.size <= everybodyAnswers);
  const tally = new Tally();
  const message = request({
    id: newId(),
    ttl,
    caller: router.caller,
    session: router.session,
    collective: options.collective,
    agent: 'discovery',
    action: 'ping',
    filter: options.filter,
    input: {},
    answerUnmatched: all,
  });
  const stop = await router.listen(options.collective, message.id, (reply) => tally.take(reply, options));
  try {
    tally.begin();
    await router.broadcast(message, 'discovery');
    let isRepeated = false;
    for (;;) {
      const now = Date.now();
      const missing = [...online].filter((identity) => !tally.answered.has(identity));
      if (options.signal?.aborted || tally.matched.size >= (options.most ?? Number.POSITIVE_INFINITY)) break;
      if (options.window !== undefined) {
        if (now - start >= options.window * 1000) break;
      } else if (all && online.size > 0 && missing.length === 0) break;
      else if (tally.isDry(now)) {
        if (isRepeated || !all || missing.length === 0) break;
        // The broker may have lost them: asked once more, each for itself.
        isRepeated = true;
        tally.extend(now);
        await router.direct({ ...message, targets: missing }, missing);
      }
      await tally.change.wait(25);
    }
    const isCut = options.signal?.aborted === true || options.most !== undefined;
    const silent = all && !isCut ? [...online].filter((identity) => !tally.answered.has(identity)) : [];
    return {
      method: 'broadcast',
      nodes: [...tally.matched].sort(),
      silent: silent.sort(),
      refused: [...tally.refused].map(([sender, statusmsg]) => ({ sender, statusmsg })),
      offline: [...presence.offline()].sort(),
      seconds: (Date.now() - start) / 1000,
    };
  } finally {
    stop();
  }
}

// Counts answers, and knows when they have dried up.
class Tally {
  readonly change = new Change();
  readonly answered = new Set<string>();
  readonly matched = new Set<string>();
  readonly refused = new Map<string, string>();
  #start = Date.now();
  #last: number | undefined;
  #longestGap = 0;
  #waitFrom = this.#start;

  begin(): void {
    this.#start = Date.now();
    this.#waitFrom = this.#start;
  }

  take(reply: Reply, options: DiscoveryOptions): void {
    if (reply.kind !== 'result' || this.answered.has(reply.sender)) return;
    const now = Date.now();
    this.#longestGap = Math.max(this.#longestGap, now - (this.#last ?? now));
    this.#last = now;
    this.answered.add(reply.sender);
    if (reply.outcome === 'ok') {
      this.matched.add(reply.sender);
      options.onNode?.(reply.sender, now - this.#start);
    } else if (reply.outcome !== 'unmatched') this.refused.set(reply.sender, reply.statusmsg);
    this.change.tell();
  }

  isDry(now: number): boolean {
    if (this.#last === undefined) return now - this.#waitFrom >= firstAnswer;
    const gap = Math.min(mostGap, Math.max(leastGap, 3 * this.#longestGap));
    return now - Math.max(this.#last, this.#waitFrom) >= gap;
  }

  extend(now: number): void {
    this.#waitFrom = now;
  }
}
