import { randomInt } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Request } from '@troupe/core';
import { onAbort } from '@troupe/core/async';
import { namesInMessage } from '../connection/node-messages.js';
import type { Router } from '../connection/router.js';
import { unlessDisconnected } from '../connection/unless-disconnected.js';
import type { PresenceView } from '../presence/presence-view.js';
import { WakeUp } from '../waiting/wake-up.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import type { ReadMatch } from './match-answer.js';
import { chunks, pick } from './share.js';
import { Tally } from './tally.js';

/** The agent that every node has: what is published on its topic reaches all of them. */
const everywhere = 'discovery';

const tickEvery = 25;

/** What is asked of nodes, and how their answers are read. */
export interface Question {
  readonly message: Request;
  readonly readMatch: ReadMatch;
  /** Whether those that do not match say so. */
  readonly everybody: boolean;
}

type Options = Pick<DiscoveryOptions, 'among' | 'window' | 'most' | 'signal' | 'onNode'>;

/** One question on its way to all nodes, or to some: who is meant by it, who is not, who is silent. */
export class Search {
  readonly #router: Router;
  readonly #presence: PresenceView;
  readonly #question: Question;
  readonly #options: Options;
  readonly #tally: Tally;
  readonly #start = Date.now();
  readonly #wakeUp = new WakeUp();
  #isOver = false;

  constructor(router: Router, presence: PresenceView, question: Question, options: Options = {}) {
    this.#router = router;
    this.#presence = presence;
    this.#question = question;
    this.#options = options;
    const sample = (names: readonly string[], count: number) => pick(names, count, randomInt(2 ** 32));
    const { everybody } = question;
    this.#tally = new Tally({ expected: this.#online(), everybody, sample }, this.#start);
  }

  /** Nodes that have said nothing and are still waited for. */
  open(): readonly string[] {
    return this.#isOver ? [] : this.#tally.missing();
  }

  /** Asks, and waits until there is nothing left to wait for, or the signal fires. Throws NOT_CONNECTED where nobody can be asked. */
  async run(): Promise<Discovery> {
    const { among, most = Number.POSITIVE_INFINITY, signal, onNode } = this.#options;
    const { message, readMatch, everybody } = this.#question;
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
    // Who is online may still be told while nodes answer already.
    const meant = among && new Set(among);
    const deaf = this.#presence.onChange(({ identity, online }) => {
      if (online && (meant?.has(identity) ?? true)) tally.expect([identity]);
    });
    tally.expect(this.#online());
    try {
      if (among) await this.#ask(among);
      else await this.#router.broadcast({ ...message, answerUnmatched: everybody }, everywhere);
      while (!signal?.aborted && tally.matched.size < most) {
        if (await this.#isDone()) break;
        await this.#wakeUp.wait(tickEvery);
        // What came at the same time is taken in first, and the last of it is then behind nobody.
        await turn();
      }
    } finally {
      stop();
      ignore();
      deaf();
    }
    const isCut = signal?.aborted === true || this.#options.most !== undefined;
    this.#isOver = !isCut;
    return {
      method: 'broadcast',
      nodes: [...tally.matched].sort(),
      silent: everybody && !isCut ? [...tally.missing()].sort() : [],
      refused: [...tally.refused].map(([sender, statusmsg]) => ({ sender, statusmsg })),
      offline: [...this.#presence.offline()].sort(),
      seconds: (Date.now() - this.#start) / 1000,
    };
  }

  async #isDone(): Promise<boolean> {
    const { window } = this.#options;
    if (window !== undefined) return Date.now() - this.#start >= window * 1000;
    // What has come and is not checked yet is no silence.
    if (this.#router.isBehind) return false;
    const { ask, isOver } = this.#tally.tick(Date.now(), this.#router.isConnected);
    if (isOver && this.#presence.isSettled()) return true;
    // Without a broker now: the next round asks again.
    await this.#ask(ask).catch(unlessDisconnected);
    return false;
  }

  #online(): readonly string[] {
    const { among } = this.#options;
    return (
      among?.filter((identity) => this.#presence.isOnline(identity) !== false) ?? this.#presence.online()
    );
  }

  async #ask(identities: readonly string[]): Promise<void> {
    for (const targets of chunks(identities, namesInMessage))
      await this.#router.direct({ ...this.#question.message, targets, answerUnmatched: true }, targets);
  }
}
