import type { Filter, Request } from '@troupe/core';
import { Change } from './change.js';
import { Collector } from './collector.js';
import type { Discovery } from './discovery.js';
import { attach, cancel, newId, request } from './message.js';
import type { PresenceView } from './presence.js';
import { type ProgressPiece, type Result, type Stats, statsOf } from './result.js';
import type { Router } from './router.js';

export interface CallOptions {
  /** Which nodes; all that have the agent otherwise. */
  readonly filter?: Filter;
  /** These nodes, without discovery. */
  readonly targets?: readonly string[];
  readonly collective?: string;
  /** Seconds that the action may take; the DDL's otherwise, which is also the most. */
  readonly timeout?: number;
  /** Seconds in which a node may begin; 60 otherwise. */
  readonly ttl?: number;
  /** Seconds that a node may stay silent before it counts as one that does not reply; 10 otherwise. */
  readonly answerWithin?: number;
  /** Seconds of a fixed discovery window. */
  readonly discoveryTimeout?: number;
  /** Stops the waiting; what runs on the nodes goes on (see `cancel`). */
  readonly signal?: AbortSignal;
  readonly onProgress?: (piece: ProgressPiece) => void;
  readonly onDiscovered?: (discovery: Discovery) => void;
}

export interface CallParts {
  readonly router: Router;
  readonly presence: (collective: string) => Promise<PresenceView>;
  readonly discover: (filter: Filter, collective: string) => Promise<Discovery>;
  readonly agent: string;
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly filter: Filter;
  readonly collective: string;
  readonly options: CallOptions;
}

/** Up to so many nodes are asked each for itself; more are asked by one broadcast, when a filter found them. */
const mostDirect = 10;
/** Names in one signed message. */
const chunk = 50;
const tickEvery = 100;

/** One call to many nodes: an async iterable of how each target ended, in the order of their ends. */
export class Call<Data = Record<string, unknown>> implements AsyncIterable<Result<Data>> {
  readonly id = newId();
  readonly #parts: CallParts;
  readonly #results: Result[] = [];
  readonly #done: Promise<Stats>;
  readonly #change = new Change();
  #request: Request | undefined;
  #collector: Collector | undefined;
  #isOver = false;

  constructor(parts: CallParts) {
    this.#parts = parts;
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
    if (this.#request && this.#collector)
      await this.#parts.router.direct(cancel(this.#request), this.#collector.open());
  }

  async #run(): Promise<Stats> {
    const { router, collective, options } = this.#parts;
    const presence = await this.#parts.presence(collective);
    const { targets, discovery } = await this.#targets();
    const start = Date.now();
    const collector = new Collector({
      targets,
      now: start,
      answerWithin: (options.answerWithin ?? 10) * 1000,
      isOnline: (identity) => presence.isOnline(identity),
    });
    this.#collector = collector;
    this.#request = this.#newRequest();
    const stop = await router.listen(collective, this.id, (reply, key) => {
      const { isNew, result } = collector.receive(reply, key, Date.now());
      if (isNew && reply.kind === 'progress')
        options.onProgress?.({ sender: reply.sender, data: reply.data });
      if (result) this.#push(result);
    });
    try {
      if (targets.length > 0)
        await this.#send(targets, discovery !== undefined && targets.length > mostDirect);
      options.signal?.addEventListener('abort', () => this.#change.tell(), { once: true });
      while (!collector.isComplete && !options.signal?.aborted) {
        await this.#change.wait(tickEvery);
        await this.#tick(collector);
      }
      for (const sender of collector.open()) {
        this.#push({
          sender,
          state: 'no-reply',
          ok: false,
          statusmsg: 'this client stopped waiting',
          data: {},
          seconds: (Date.now() - start) / 1000,
        });
      }
    } finally {
      stop();
    }
    const times = { discoverySeconds: discovery?.seconds ?? 0, callSeconds: (Date.now() - start) / 1000 };
    return statsOf(this.id, this.#results, times);
  }

  async #targets(): Promise<{ targets: readonly string[]; discovery?: Discovery }> {
    const { options, filter, collective } = this.#parts;
    if (options.targets) return { targets: [...new Set(options.targets)] };
    const discovery = await this.#parts.discover(filter, collective);
    options.onDiscovered?.(discovery);
    return { targets: discovery.nodes, discovery };
  }

  #newRequest(): Request {
    const { router, agent, action, input, collective, options, filter } = this.#parts;
    return request({
      id: this.id,
      ttl: options.ttl ?? 60,
      caller: router.caller,
      session: router.session,
      collective,
      agent,
      action,
      filter,
      input,
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    });
  }

  async #send(targets: readonly string[], broadcast: boolean): Promise<void> {
    const { router, agent } = this.#parts;
    if (!this.#request) return;
    if (broadcast) await router.broadcast(this.#request, agent);
    else await this.#ask(targets);
  }

  async #ask(identities: readonly string[]): Promise<void> {
    if (!this.#request) return;
    for (let from = 0; from < identities.length; from += chunk) {
      const targets = identities.slice(from, from + chunk);
      await this.#parts.router.direct({ ...this.#request, targets }, targets);
    }
  }

  async #tick(collector: Collector): Promise<void> {
    const { router } = this.#parts;
    const due = collector.tick(Date.now());
    for (const result of due.ended) this.#push(result);
    try {
      await this.#ask(due.ask);
      for (const { identity, after } of due.attach) {
        if (this.#request) await router.direct(attach(this.#request, after), [identity]);
      }
    } catch (error) {
      // Without a broker now: the next tick asks again.
      if ((error as { code?: string }).code !== 'NOT_CONNECTED') throw error;
    }
  }

  #push(result: Result): void {
    this.#results.push(result);
    this.#change.tell();
  }
}
