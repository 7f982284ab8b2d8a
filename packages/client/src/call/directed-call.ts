import type { Reply, ReplyOutcome } from '@troupe/core';
import { pause } from '@troupe/core/async';
import type { Discovery } from '../discovery/discovery.js';
import { RequestRounds } from './request-rounds.js';
import { type Result, resultWithoutReply } from './result.js';
import { Rollout } from './rollout.js';
import type { TargetSet, TargetSetParts } from './target-set.js';
import { mostDirect, narrowed, targetsOf } from './targets.js';

/** How a node that heard a broadcast answers without running anything: a policy denies before it tells by a filter. */
const refusals: ReadonlySet<string> = new Set<ReplyOutcome>(['unmatched', 'denied', 'expired', 'busy']);

/** A call whose targets are known before any of them is asked: all at once, or in batches. */
export class DirectedCall implements TargetSet {
  readonly #parts: TargetSetParts;
  // no peer fills this: each node that is authenticated has one entry, until the call ends
  readonly #unexpected = new Set<string>();
  #rounds: RequestRounds | undefined;
  #rollout: Rollout | undefined;
  // no peer fills this: it holds what this program itself asks for
  #targets: readonly string[] = [];
  #discovery: Discovery | undefined;

  constructor(parts: TargetSetParts) {
    this.#parts = parts;
  }

  get discovery(): Discovery | undefined {
    return this.#discovery;
  }

  get size(): number {
    return this.#targets.length;
  }

  get unexpected(): readonly string[] {
    return [...this.#unexpected];
  }

  get stopped(): string | undefined {
    const isEveryone = this.#rounds?.targets.size === this.#targets.length;
    return isEveryone ? undefined : this.#rollout?.stopped;
  }

  open(): readonly string[] {
    return this.#rounds?.open() ?? [];
  }

  running(): readonly string[] {
    return this.#rounds?.running() ?? [];
  }

  receive(reply: Reply, key: string): void {
    if (this.#rounds?.targets.has(reply.sender)) this.#rounds.receive(reply, key);
    else if (reply.kind === 'result' && !refusals.has(reply.outcome)) this.#unexpected.add(reply.sender);
  }

  async ask(): Promise<number> {
    const { options, finder, wanted, agents, message: given } = this.#parts;
    const { targets, discovery, isWhole } = await targetsOf(options, () => finder.find(wanted));
    this.#targets = targets;
    this.#discovery = discovery;
    const message = given.type === 'request' ? narrowed(given, discovery, agents) : given;
    const rollout = new Rollout(targets, options);
    this.#rollout = rollout;
    const onResult = (result: Result) => {
      rollout.count(result);
      this.#parts.onResult(result);
    };
    const rounds = new RequestRounds({ ...this.#parts, presence: this.#parts.view, onResult }, message);
    this.#rounds = rounds;
    const start = Date.now();
    for (const [index, group] of rollout.batches.entries()) {
      if (rollout.stopped !== undefined) break;
      if (index > 0) await pause((options.batchSleep ?? 1) * 1000, options.signal);
      if (options.signal?.aborted) break;
      rounds.expect(group, Date.now());
      const isAll = isWhole && group.length === targets.length && group.length > mostDirect;
      await (isAll && message.type === 'request' ? rounds.broadcast() : rounds.send(group));
      await rounds.settle();
    }
    rounds.leave(start);
    const why =
      rollout.stopped === undefined
        ? 'the client stopped before sending the request to this node'
        : `not asked: ${rollout.stopped}`;
    for (const name of targets)
      if (!rounds.targets.has(name)) this.#parts.onResult(resultWithoutReply(name, 'not-asked', why, 0));
    return start;
  }
}
