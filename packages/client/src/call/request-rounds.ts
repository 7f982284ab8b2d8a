import type { Attach, Reply, Request } from '@troupe/core';
import { attach, namesInMessage } from '../connection/node-messages.js';
import type { Router } from '../connection/router.js';
import { unlessDisconnected } from '../connection/unless-disconnected.js';
import { chunks } from '../discovery/share.js';
import type { PresenceView } from '../presence/presence-view.js';
import type { WakeUp } from '../waiting/wake-up.js';
import type { CallOptions } from './call-options.js';
import { Collector, type Due } from './collector.js';
import { type Result, resultWithoutReply } from './result.js';

const tickEvery = 100;

export interface RequestRoundsParts {
  readonly router: Router;
  readonly presence: Promise<PresenceView>;
  readonly options: CallOptions;
  /** Notified of whatever may end the waiting. */
  readonly wakeUp: WakeUp;
  readonly onResult: (result: Result) => void;
}

/** Sends one message to targets, takes their replies, sends it again to those that are silent, and says how each ended. */
export class RequestRounds {
  readonly #parts: RequestRoundsParts;
  readonly #collector: Collector;
  readonly #targets = new Set<string>();
  #message: Request | Attach;
  #view: PresenceView | undefined;

  constructor(parts: RequestRoundsParts, message: Request | Attach) {
    this.#parts = parts;
    this.#message = message;
    this.#collector = new Collector({
      answerWithin: (parts.options.answerWithin ?? 10) * 1000,
      isOnline: (identity) => this.#view?.isOnline(identity),
      leftAt: (identity) => this.#view?.leftAt(identity),
      isStranger: (identity) => this.#view?.isStranger(identity) ?? false,
      isConnected: () => parts.router.isConnected,
    });
  }

  /** All that are counted on, those included that have ended. */
  get targets(): ReadonlySet<string> {
    return this.#targets;
  }

  /** Targets that have not ended. */
  open(): readonly string[] {
    return this.#collector.open();
  }

  /** Those of them that are known to be at work on it. */
  running(): readonly string[] {
    return this.#collector.running();
  }

  /** Counts on nodes from now on, which may begin until the message, as of `time`, is too old. */
  expect(identities: readonly string[], time: number): void {
    this.#message = { ...this.#message, time };
    for (const identity of identities) {
      this.#targets.add(identity);
      this.#collector.expect(identity, time, time + this.#message.ttl * 1000);
    }
  }

  /** Takes in what a target says. */
  receive(reply: Reply, key: string): void {
    const { isNew, result } = this.#collector.receive(reply, key, Date.now());
    if (isNew && reply.kind === 'progress')
      this.#parts.options.onProgress?.({ sender: reply.sender, data: reply.data });
    if (result) this.#parts.onResult(result);
  }

  /** Publishes a request once, to all that have its agent. Throws NOT_CONNECTED. */
  async broadcast(): Promise<void> {
    const message = this.#message;
    if (message.type === 'request') await this.#parts.router.broadcast(message, message.agent);
  }

  /** Sends it to each of the nodes. Throws NOT_CONNECTED. */
  async send(identities: readonly string[]): Promise<void> {
    for (const targets of chunks(identities, namesInMessage)) {
      const message =
        this.#message.type === 'request'
          ? // A node that the filter leaves out by now says so.
            { ...this.#message, targets, answerUnmatched: true }
          : attach(this.#message, 0);
      await this.#parts.router.direct(message, targets);
    }
  }

  /** Waits until every target has ended and no more are to come, or the signal fires. */
  async settle(isMoreToCome = () => false): Promise<void> {
    const { presence, options, wakeUp } = this.#parts;
    // Needed only where somebody is silent, so nobody waits for it before the message is out.
    this.#view = await presence;
    let last = Date.now();
    while ((isMoreToCome() || !this.#collector.isComplete) && !options.signal?.aborted) {
      await wakeUp.wait(tickEvery);
      if (Date.now() - last < tickEvery) continue;
      last = Date.now();
      await this.#tick(last);
    }
  }

  /** Ends the targets that have not ended, because nobody waits for them any more. */
  leave(start: number): void {
    const seconds = (Date.now() - start) / 1000;
    for (const sender of this.open())
      this.#parts.onResult(resultWithoutReply(sender, 'no-reply', 'this client stopped waiting', seconds));
  }

  async #tick(now: number): Promise<void> {
    const { ended, ask, attach: lacking } = this.#collector.tick(now);
    for (const result of ended) this.#parts.onResult(result);
    // Without a broker now: the next tick asks again.
    await this.#askAgain(ask, lacking).catch(unlessDisconnected);
  }

  async #askAgain(ask: readonly string[], lacking: Due['attach']): Promise<void> {
    await this.send(ask);
    for (const { identity, after } of lacking)
      await this.#parts.router.direct(attach(this.#message, after), [identity]);
  }
}
