import { randomInt } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { onAbort } from '@troupe/core/async';
import { naturalOrder } from '@troupe/core/internal';
import { namesInMessage } from '../connection/node-messages.js';
import type { OwnRequest } from '../connection/outgoing.js';
import type { Router } from '../connection/router.js';
import { unlessDisconnected } from '../connection/unless-disconnected.js';
import { claimOf, type PresenceView } from '../presence/presence-view.js';
import { WakeUp } from '../waiting/wake-up.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import type { ReadMatch } from './match-answer.js';
import { chunks, pick } from './share.js';
import { Tally } from './tally.js';

/** The agent that every node has: a request on its topic reaches all nodes. */
const everywhere = 'discovery';

const tickEvery = 25;

/** A request to many nodes, and how to read their replies. */
export interface Question {
  readonly message: OwnRequest;
  readonly readMatch: ReadMatch;
  /** Whether nodes that do not match reply as well. */
  readonly answerUnmatched: boolean;
}

type Options = Pick<DiscoveryOptions, 'among' | 'earlier' | 'window' | 'most' | 'signal' | 'onNode'>;

/** A request sent to all nodes, or to some: which nodes match, which do not, and which are silent. */
export class Search {
  readonly #router: Router;
  readonly #presence: PresenceView;
  readonly #question: Question;
  readonly #options: Options;
  readonly #tally: Tally;
  readonly #start = Date.now();
  readonly #wakeUp = new WakeUp();
  #isOver = false;
  #areEarlierExpected = false;

  constructor(router: Router, presence: PresenceView, question: Question, options: Options = {}) {
    this.#router = router;
    this.#presence = presence;
    this.#question = question;
    this.#options = options;
    const sample = (names: readonly string[], count: number) => pick(names, count, randomInt(2 ** 32));
    const { answerUnmatched } = question;
    this.#tally = new Tally({ expected: this.#online(), answerUnmatched, sample }, this.#start);
  }

  /** Nodes that have not replied yet. */
  open(): readonly string[] {
    if (this.#isOver) return [];
    const unknown = new Set(this.#unheardOf());
    return this.#tally.missing().filter((identity) => !unknown.has(identity));
  }

  /** Sends the request and waits for the replies, or for the signal. Throws NOT_CONNECTED if the request cannot be sent. */
  async run(): Promise<Discovery> {
    const { among, most = Number.POSITIVE_INFINITY, signal, onNode } = this.#options;
    const { message, readMatch, answerUnmatched } = this.#question;
    const tally = this.#tally;
    const stop = await this.#router.listen(message.collective, message.id, (reply) => {
      if (tally.answered.has(reply.sender) || tally.matched.size >= most) return;
      const match = readMatch(reply);
      if (match === undefined) return;
      const words = reply.kind === 'result' ? reply.statusmsg : '';
      if (tally.take(reply.sender, match, words)) onNode?.(reply.sender, Date.now() - this.#start);
      this.#wakeUp.notify();
    });
    const ignore = onAbort(signal, () => this.#wakeUp.notify());
    // Presence records may still arrive while nodes reply already.
    const meant = among && new Set(among);
    const unwatch = this.#presence.onChange((record) => {
      const { identity, online } = record;
      if (!online || !(meant?.has(identity) ?? true)) return;
      tally.expect([identity]);
      if (!among && claimOf(record) === 1) this.#tellVersion1();
    });
    tally.expect(this.#online());
    try {
      if (among) await this.#ask(among);
      else await this.#router.broadcast({ ...message, answerUnmatched }, everywhere);
      while (!signal?.aborted && tally.matched.size < most) {
        if (await this.#isDone()) break;
        await this.#wakeUp.wait(tickEvery);
        // Replies that arrived at the same time are processed first.
        await turn();
      }
    } finally {
      stop();
      ignore();
      unwatch();
    }
    const isCut = signal?.aborted === true || this.#options.most !== undefined;
    this.#isOver = !isCut;
    const busy = tally.busy();
    const unreachable = isCut || !this.#options.earlier ? undefined : this.#unheardOf().sort(naturalOrder);
    const isAway = new Set(unreachable);
    return {
      method: 'broadcast',
      nodes: [...tally.matched].sort(naturalOrder),
      silent:
        answerUnmatched && !isCut
          ? tally
              .missing()
              .filter((identity) => !busy.has(identity) && !isAway.has(identity))
              .sort(naturalOrder)
          : [],
      refused: [...tally.refused, ...busy].map(([sender, statusmsg]) => ({ sender, statusmsg })),
      offline: [...this.#presence.offline()].sort(naturalOrder),
      ...(unreachable && { unreachable }),
      seconds: (Date.now() - this.#start) / 1000,
    };
  }

  async #isDone(): Promise<boolean> {
    const { window } = this.#options;
    if (window !== undefined) return Date.now() - this.#start >= window * 1000;
    // A node whose reply has arrived but is not checked yet is not silent.
    if (this.#router.isBehind) return false;
    const { ask, isOver } = this.#tally.tick(Date.now(), this.#router.isConnected);
    if (isOver && this.#presence.isSettled() && !this.#expectsMore()) return true;
    // If the connection is lost, the next round sends the request again.
    await this.#ask(ask).catch(unlessDisconnected);
    return false;
  }

  // Whom the broker does not know is expected last: by then it is known whom it knows.
  #expectsMore(): boolean {
    if (this.#areEarlierExpected) return false;
    this.#areEarlierExpected = true;
    const unheard = this.#unheardOf();
    this.#tally.expect(unheard);
    return unheard.length > 0;
  }

  // Earlier nodes without a presence record that have not replied.
  #unheardOf(): string[] {
    const { answered } = this.#tally;
    const busy = this.#tally.busy();
    return (this.#options.earlier ?? []).filter(
      (identity) => !answered.has(identity) && !busy.has(identity) && !this.#presence.get(identity),
    );
  }

  #online(): readonly string[] {
    const { among } = this.#options;
    return (
      among?.filter((identity) => this.#presence.isOnline(identity) !== false) ?? this.#presence.online()
    );
  }

  // The records of the first nodes may all have been of version 2.
  #tellVersion1(): void {
    const { message, answerUnmatched } = this.#question;
    // If the connection is lost, those that are silent are asked again each for itself.
    this.#router.broadcastToVersion1({ ...message, answerUnmatched }, everywhere).catch(unlessDisconnected);
  }

  async #ask(identities: readonly string[]): Promise<void> {
    for (const targets of chunks(identities, namesInMessage))
      await this.#router.direct({ ...this.#question.message, targets, answerUnmatched: true }, targets);
  }
}
