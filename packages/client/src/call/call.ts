import { onAbort } from '@troupe/core/async';
import { cancel } from '../connection/node-messages.js';
import type { Discovery } from '../discovery/discovery.js';
import type { PresenceView } from '../presence/presence-view.js';
import { WakeUp } from '../waiting/wake-up.js';
import { BroadcastCall } from './broadcast-call.js';
import type { CallParts } from './call-parts.js';
import type { OtherDdl } from './ddl-variants.js';
import { DirectedCall } from './directed-call.js';
import { type Result, type Stats, statsOf } from './result.js';
import type { TargetSet } from './target-set.js';
import { mayBroadcast, mayBroadcastTo } from './targets.js';

/** One call to many nodes: an async iterable of results, in the order in which the targets finish. */
export class Call<Data = Record<string, unknown>> implements AsyncIterable<Result<Data>> {
  readonly id: string;
  readonly #parts: CallParts;
  // bound: results of a call | nodes that were called, one each | one for each target, until the call ends | 1 MiB
  // each | a second result of a node is ignored
  readonly #results: Result[] = [];
  readonly #done: Promise<Stats>;
  readonly #wakeUp = new WakeUp();
  #targetSet: TargetSet | undefined;
  #about: { readonly agent: string; readonly action: string } | undefined;
  #isOver = false;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.id = parts.message.id;
    this.#done = this.#run().finally(() => {
      this.#isOver = true;
      this.#wakeUp.notify();
    });
    // An error is thrown to consumers that iterate or await; it must not be unhandled without them.
    this.#done.catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Result<Data>> {
    for (let index = 0; ; ) {
      const result = this.#results[index];
      if (result) {
        index += 1;
        yield result as Result<Data>;
      } else if (this.#isOver) break;
      else await this.#wakeUp.wait();
    }
    await this.#done;
  }

  /** The agent and action, as reported by a node: for clients that attached to a request. */
  get about(): { readonly agent: string; readonly action: string } | undefined {
    return this.#about;
  }

  /** The same, as soon as a node has reported it; undefined if the call ends without. */
  async whenKnown(): Promise<{ readonly agent: string; readonly action: string } | undefined> {
    while (!this.#about && !this.#isOver) await this.#wakeUp.wait();
    return this.#about;
  }

  /** Targets that have been called and have not finished, and nodes that have not reported whether they are targets. */
  open(): readonly string[] {
    return this.#targetSet?.open() ?? [];
  }

  /** The nodes among them that are known to run the action. */
  running(): readonly string[] {
    return this.#targetSet?.running() ?? [];
  }

  /** The number of targets known so far, including nodes that have not reported whether they are targets. */
  get size(): number {
    return this.#targetSet?.size ?? 0;
  }

  /** The nodes found so far; undefined without a discovery, or while it is running. */
  get discovery(): Discovery | undefined {
    return this.#targetSet?.discovery;
  }

  /** The DDLs that nodes have instead of the one of the call, with the nodes. */
  get otherDdls(): readonly OtherDdl[] {
    return this.#parts.variants?.others ?? [];
  }

  /** All results, when the call has ended. Throws an error that makes the whole call fail. */
  async all(): Promise<readonly Result<Data>[]> {
    await this.#done;
    return this.#results as readonly Result<Data>[];
  }

  /** The result of the only target. */
  async one(): Promise<Result<Data>> {
    const [only, ...others] = await this.all();
    if (!only || others.length > 0)
      throw new RangeError(`a call for one node had ${others.length + (only ? 1 : 0)} targets`);
    return only;
  }

  /** The statistics, when the call has ended. */
  stats(): Promise<Stats> {
    return this.#done;
  }

  /** Cancels the action on the nodes where it runs. */
  async cancel(): Promise<void> {
    const { router, message } = this.#parts;
    const silent = this.discovery?.byRequest ? this.discovery.silent : [];
    await router.direct(cancel(message), [...new Set([...this.open(), ...silent])]);
  }

  async #run(): Promise<Stats> {
    const { router, options, message } = this.#parts;
    const view = this.#parts.presence();
    view.catch(() => {});
    const targetSet = await this.#targetSetOf(view);
    this.#targetSet = targetSet;
    const stop = await router.listen(message.collective, this.id, (reply, key) => {
      if (reply.agent !== '' && !this.#about) {
        this.#about = { agent: reply.agent, action: reply.action };
        this.#wakeUp.notify();
      }
      targetSet.receive(reply, key);
    });
    const ignore = onAbort(options.signal, () => this.#wakeUp.notify());
    try {
      const start = await targetSet.ask();
      const { discovery, stopped, unexpected } = targetSet;
      const times = {
        discoverySeconds: discovery?.seconds ?? 0,
        callSeconds: (Date.now() - start) / 1000,
      };
      const stats = statsOf(this.id, this.#results, times, unexpected);
      const { unreachable } = discovery ?? {};
      return {
        ...stats,
        ...(unreachable && { unreachable }),
        ...(stopped === undefined ? {} : { stopped }),
      };
    } finally {
      stop();
      ignore();
    }
  }

  // If the options do not need the targets in advance and presence is known, nodes report themselves whether they match.
  async #targetSetOf(view: Promise<PresenceView>): Promise<TargetSet> {
    const { options, message, finder, wanted } = this.#parts;
    const parts = { ...this.#parts, view, wakeUp: this.#wakeUp, onResult: (one: Result) => this.#push(one) };
    const { variants } = this.#parts;
    // Its nodes must be asked each for their DDL or key first.
    const isDirected = variants?.isFromNode || variants?.hasSecrets;
    if (message.type === 'attach' || isDirected || !mayBroadcast(options)) return new DirectedCall(parts);
    const presence = await view;
    await (mayBroadcastTo(options, Number.POSITIVE_INFINITY) ? presence.whenAnybody() : presence.settled());
    if (!mayBroadcastTo(options, presence.online().length)) return new DirectedCall(parts);
    await finder.check(wanted.filter);
    return new BroadcastCall(parts, presence, message);
  }

  #push(result: Result): void {
    this.#results.push(result);
    this.#wakeUp.notify();
  }
}
