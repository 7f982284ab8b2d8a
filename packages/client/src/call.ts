import type { Attach, Outcome, Reply, Request } from '@troupe/core';
import { onAbort } from './abort.js';
import type { CallOptions } from './call-options.js';
import { Change } from './change.js';
import { Collector } from './collector.js';
import type { Discovery } from './discovery/discovery.js';
import { attach, cancel } from './message.js';
import type { PresenceView } from './presence.js';
import { type Result, type State, type Stats, statsOf } from './result.js';
import { Rollout } from './rollout.js';
import type { Router } from './router.js';
import { chunks } from './share.js';
import { mostDirect, namesInMessage, narrowed, targetsOf } from './targets.js';

export interface CallParts {
  readonly router: Router;
  readonly presence: () => Promise<PresenceView>;
  readonly discover: () => Promise<Discovery>;
  /** What is sent first: a request that begins something, or a question for what is kept of one. */
  readonly message: Request | Attach;
  /** The agents that the caller's own filter names: a node that lacks one of them is left out. */
  readonly agents?: readonly string[];
  readonly options: CallOptions;
}

const tickEvery = 100;
/** How a node that heard a broadcast answers without running anything: a policy denies before it tells by a filter. */
const refusals: ReadonlySet<string> = new Set<Outcome>(['unmatched', 'denied', 'expired', 'busy']);

/** One call to many nodes: an async iterable of how each target ended, in the order of their ends. */
export class Call<Data = Record<string, unknown>> implements AsyncIterable<Result<Data>> {
  readonly id: string;
  readonly #parts: CallParts;
  readonly #results: Result[] = [];
  readonly #unexpected = new Set<string>();
  readonly #done: Promise<Stats>;
  readonly #change = new Change();
  #message: Request | Attach;
  #collector: Collector | undefined;
  #view: PresenceView | undefined;
  #about: { readonly agent: string; readonly action: string } | undefined;
  #rollout: Rollout | undefined;
  #isOver = false;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#message = parts.message;
    this.id = parts.message.id;
    this.#done = this.#run().finally(() => {
      this.#isOver = true;
      this.#change.tell();
    });
    // Whoever iterates or awaits hears of it; nobody has to.
    this.#done.catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Result<Data>> {
    for (let index = 0; ; ) {
      const result = this.#results[index];
      if (result) {
        index += 1;
        yield result as Result<Data>;
      } else if (this.#isOver) break;
      else await this.#change.wait();
    }
    await this.#done;
  }

  /** The agent and action, as a node says it: how somebody who attached learns what the request was. */
  get about(): { readonly agent: string; readonly action: string } | undefined {
    return this.#about;
  }

  /** The same, as soon as a node has said it; nothing where the call ended and none did. */
  async whenKnown(): Promise<{ readonly agent: string; readonly action: string } | undefined> {
    while (!this.#about && !this.#isOver) await this.#change.wait();
    return this.#about;
  }

  /** Targets that have been asked and have not ended. */
  open(): readonly string[] {
    return this.#collector?.open() ?? [];
  }

  /** Those of them that are known to be at work on it. */
  running(): readonly string[] {
    return this.#collector?.running() ?? [];
  }

  /** All results, when the call is over. Throws what spoils the whole call. */
  async all(): Promise<readonly Result<Data>[]> {
    await this.#done;
    return this.#results as readonly Result<Data>[];
  }

  /** The result of the only target. */
  async one(): Promise<Result<Data>> {
    const [only, ...others] = await this.all();
    if (!only || others.length > 0)
      throw new RangeError(`a call for one node had ${others.length + (only ? 1 : 0)}`);
    return only;
  }

  /** Numbers and names, when the call is over. */
  stats(): Promise<Stats> {
    return this.#done;
  }

  /** Ends the action on the nodes where it runs. */
  async cancel(): Promise<void> {
    await this.#parts.router.direct(cancel(this.#message), this.open());
  }

  async #run(): Promise<Stats> {
    const { router, options } = this.#parts;
    // Needed only when somebody is silent, so nobody waits for it before the first message is out.
    const presence = this.#parts.presence();
    presence.catch(() => {});
    const { targets, discovery, isWhole } = await targetsOf(options, this.#parts.discover);
    const { agents } = this.#parts;
    const given = this.#parts.message;
    const message = given.type === 'request' ? narrowed(given, discovery, agents) : given;
    const start = Date.now();
    const wasAsked = new Set<string>();
    const collector = this.#newCollector();
    this.#collector = collector;
    const rollout = new Rollout(targets, options);
    this.#rollout = rollout;
    const stop = await router.listen(message.collective, this.id, (reply, key) => {
      if (wasAsked.has(reply.sender)) this.#receive(collector, reply, key);
      else if (reply.kind === 'result' && !refusals.has(reply.outcome)) this.#unexpected.add(reply.sender);
    });
    const ignore = onAbort(options.signal, () => this.#change.tell());
    try {
      for (const [index, group] of rollout.batches.entries()) {
        if (rollout.stopped !== undefined) break;
        if (index > 0) await this.#pause((options.batchSleep ?? 1) * 1000);
        if (options.signal?.aborted) break;
        const now = Date.now();
        this.#message = { ...message, time: now };
        for (const identity of group) {
          wasAsked.add(identity);
          collector.expect(identity, now, now + message.ttl * 1000);
        }
        await this.#send(group, isWhole && group.length === targets.length && group.length > mostDirect);
        this.#view = await presence;
        await this.#settle(collector);
      }
      const left = { state: 'no-reply', statusmsg: 'this client stopped waiting', start } as const;
      for (const sender of collector.open()) this.#leave(sender, left);
      const why =
        rollout.stopped === undefined
          ? 'this client stopped before its turn'
          : `not asked: ${rollout.stopped}`;
      for (const sender of targets.filter((name) => !wasAsked.has(name)))
        this.#leave(sender, { state: 'not-asked', statusmsg: why, start });
    } finally {
      stop();
      ignore();
    }
    const times = { discoverySeconds: discovery?.seconds ?? 0, callSeconds: (Date.now() - start) / 1000 };
    const stats = statsOf(this.id, this.#results, times, [...this.#unexpected]);
    return rollout.stopped === undefined || !stats.byState['not-asked']
      ? stats
      : { ...stats, stopped: rollout.stopped };
  }

  #newCollector(): Collector {
    return new Collector({
      answerWithin: (this.#parts.options.answerWithin ?? 10) * 1000,
      isOnline: (identity) => this.#view?.isOnline(identity),
      isStranger: (identity) => this.#view?.isStranger(identity) ?? false,
      isConnected: () => this.#parts.router.isConnected,
    });
  }

  #receive(collector: Collector, reply: Reply, key: string): void {
    if (reply.agent !== '' && !this.#about) {
      this.#about = { agent: reply.agent, action: reply.action };
      this.#change.tell();
    }
    const { isNew, result } = collector.receive(reply, key, Date.now());
    if (isNew && reply.kind === 'progress')
      this.#parts.options.onProgress?.({ sender: reply.sender, data: reply.data });
    if (result) this.#push(result);
  }

  async #settle(collector: Collector): Promise<void> {
    const { signal } = this.#parts.options;
    while (!collector.isComplete && !signal?.aborted) {
      await this.#change.wait(tickEvery);
      await this.#tick(collector);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const end = Date.now() + milliseconds;
    while (Date.now() < end && !this.#parts.options.signal?.aborted)
      await this.#change.wait(end - Date.now());
  }

  async #send(targets: readonly string[], broadcast: boolean): Promise<void> {
    const { router } = this.#parts;
    if (broadcast && this.#message.type === 'request')
      await router.broadcast(this.#message, this.#message.agent);
    else await this.#ask(targets);
  }

  async #ask(identities: readonly string[]): Promise<void> {
    const { router } = this.#parts;
    for (const targets of chunks(identities, namesInMessage)) {
      const message =
        this.#message.type === 'request'
          ? // A node that the filter leaves out by now says so.
            { ...this.#message, targets, answerUnmatched: true }
          : attach(this.#message, 0);
      await router.direct(message, targets);
    }
  }

  async #tick(collector: Collector): Promise<void> {
    const { router } = this.#parts;
    const due = collector.tick(Date.now());
    for (const result of due.ended) this.#push(result);
    try {
      await this.#ask(due.ask);
      for (const { identity, after } of due.attach)
        await router.direct(attach(this.#message, after), [identity]);
    } catch (error) {
      // Without a broker now: the next tick asks again.
      if ((error as { code?: string }).code !== 'NOT_CONNECTED') throw error;
    }
  }

  #leave(sender: string, end: { state: State; statusmsg: string; start: number }): void {
    const { state, statusmsg, start } = end;
    const seconds = state === 'not-asked' ? 0 : (Date.now() - start) / 1000;
    this.#push({ sender, state, ok: false, statusmsg, data: {}, seconds });
  }

  #push(result: Result): void {
    this.#results.push(result);
    this.#rollout?.count(result);
    this.#change.tell();
  }
}
