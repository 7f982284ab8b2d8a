import { type Attach, protocolVersion, type Reply } from '@troupe/core';
import { attach, namesInMessage } from '../connection/node-messages.js';
import type { OwnRequest } from '../connection/outgoing.js';
import type { Router } from '../connection/router.js';
import { unlessDisconnected } from '../connection/unless-disconnected.js';
import { chunks } from '../discovery/share.js';
import type { PresenceView } from '../presence/presence-view.js';
import type { WakeUp } from '../waiting/wake-up.js';
import type { CallOptions } from './call-options.js';
import { Collector, type Due } from './collector.js';
import type { DdlVariants } from './ddl-variants.js';
import type { Result, State } from './result.js';

const tickEvery = 100;
/** Milliseconds between two ticks from which on this process counts as suspended. */
const suspendedFrom = 2_000;

/** How often one node may say that its DDL is another one. */
const mostMisfits = 3;

export interface RequestRoundsParts {
  readonly router: Router;
  readonly presence: Promise<PresenceView>;
  readonly options: CallOptions;
  /** The requests under the DDLs of the nodes; absent where nothing is to be run. */
  readonly variants?: DdlVariants;
  /** The hash of the DDL that a node of version 1 has, which it cannot say in its replies. */
  readonly askHash?: (identity: string) => Promise<string>;
  /** Notified of whatever may end the waiting. */
  readonly wakeUp: WakeUp;
  readonly onResult: (result: Result) => void;
}

/** Sends one message to targets, takes their replies, sends it again to those that are silent, and says how each ended. */
export class RequestRounds {
  readonly #parts: RequestRoundsParts;
  readonly #collector: Collector;
  // no peer fills this: it holds what this program itself asks for
  readonly #targets = new Set<string>();
  /** What is sent to those that the message does not fit. */
  // no peer fills this: it holds targets of the call
  readonly #fitted = new Map<string, Partial<OwnRequest>>();
  // no peer fills this: it holds targets of the call
  readonly #misfits = new Map<string, number>();
  /** Nodes that are sent what fits them as soon as all that has arrived is looked at. */
  // no peer fills this: it holds targets of the call
  #refitted: string[] = [];
  #message: OwnRequest | Attach;
  #view: PresenceView | undefined;

  constructor(parts: RequestRoundsParts, message: OwnRequest | Attach) {
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
    this.#message = { ...this.#message, time: time + this.#clockOffset };
    for (const identity of identities) {
      this.#targets.add(identity);
      this.#collector.expect(identity, time, time + this.#message.ttl * 1000);
    }
  }

  get #clockOffset(): number {
    return this.#parts.options.clockOffset ?? 0;
  }

  /** Takes in what a target says. */
  receive(reply: Reply, key: string): void {
    if (reply.kind === 'result' && reply.outcome === 'ddl-mismatch' && reply.ddl?.hash !== undefined) {
      void this.#fit(reply.sender, async () => reply.ddl?.hash ?? '');
      return;
    }
    const { isNew, result } = this.#collector.receive(reply, key, Date.now());
    if (isNew && reply.kind === 'progress')
      this.#parts.options.onProgress?.({ sender: reply.sender, data: reply.data });
    if (result) this.#parts.onResult(result);
  }

  /** Publishes a request once, to all that have its agent. Throws NOT_CONNECTED. */
  async broadcast(): Promise<void> {
    const message = this.#message;
    if (message.type !== 'request') return;
    const needsDdl = [...this.#targets].some((identity) => this.#mustAskFirst(identity));
    await this.#parts.router.broadcast(needsDdl ? asQuestion(message) : message, message.agent);
    if (needsDdl) this.#askVersion1([...this.#targets]);
  }

  /** Sends it to each of the nodes. Throws NOT_CONNECTED. */
  async send(identities: readonly string[]): Promise<void> {
    const message = this.#message;
    if (message.type !== 'request') {
      for (const names of chunks(identities, namesInMessage))
        await this.#parts.router.direct(attach(message, 0, this.#clockOffset), names);
      return;
    }
    const asked: string[] = [];
    const others: string[] = [];
    for (const identity of identities) (this.#mustAskFirst(identity) ? asked : others).push(identity);
    const fitted = Map.groupBy(others, (identity) => this.#fitted.get(identity));
    for (const [fit, names] of fitted) await this.#direct({ ...message, ...fit }, names);
    if (asked.length === 0) return;
    await this.#direct(asQuestion(message), asked);
    this.#askVersion1(asked);
  }

  async #direct(message: OwnRequest, identities: readonly string[]): Promise<void> {
    // A node that the filter leaves out by now says so.
    for (const targets of chunks(identities, namesInMessage))
      await this.#parts.router.direct({ ...message, targets, answerUnmatched: true }, targets);
  }

  // Nobody gets an input under a DDL that another node said, nor a secret without a key to encrypt it with.
  #mustAskFirst(identity: string): boolean {
    const { variants, router } = this.#parts;
    const message = this.#message;
    if (!variants || message.type !== 'request') return false;
    if (variants.hasSecrets && (!router.mayHaveSecrets(identity) || this.#isVersion1(identity))) return true;
    if (this.#fitted.has(identity)) return false;
    return variants.isFromNode && router.ddls.of(identity, message.agent) !== variants.first.ddl;
  }

  #isVersion1(identity: string): boolean {
    return this.#parts.router.versions.of(this.#message.collective, identity, 0) === 1;
  }

  // They do not know the question.
  #askVersion1(identities: readonly string[]): void {
    const { variants, askHash } = this.#parts;
    for (const identity of identities) {
      if (!this.#isVersion1(identity) || this.#misfits.has(identity)) continue;
      if (variants?.hasSecrets)
        this.#end(
          identity,
          'failed',
          `the node speaks protocol version 1, which cannot carry secrets: upgrade its daemon to one that speaks version ${protocolVersion}`,
        );
      else if (askHash) void this.#fit(identity, () => askHash(identity));
    }
  }

  async #fit(identity: string, hashOf: () => Promise<string>): Promise<void> {
    const { variants, router } = this.#parts;
    if (!this.#collector.isOpen(identity)) return;
    const misfits = (this.#misfits.get(identity) ?? 0) + 1;
    this.#misfits.set(identity, misfits);
    this.#collector.hold(identity);
    if (!variants || misfits > mostMisfits) {
      this.#end(identity, 'ddl-mismatch', 'the node says again and again that its DDL is another one');
      return;
    }
    try {
      const variant = await variants.of(identity, await hashOf());
      if ('refusal' in variant) this.#end(identity, 'ddl-mismatch', variant.refusal);
      else if (variant.made.secretInputs && !router.mayHaveSecrets(identity))
        this.#end(
          identity,
          'failed',
          'secrets cannot be sent to this node: it offered no session key, or it has no certificate yet that proves its name',
        );
      else this.#refit(identity, variant.made);
    } catch (error) {
      this.#end(identity, 'ddl-mismatch', `its DDL could not be found out: ${(error as Error).message}`);
    }
  }

  #refit(identity: string, made: Partial<OwnRequest>): void {
    this.#fitted.set(identity, made);
    this.#refitted.push(identity);
    if (this.#refitted.length > 1) return;
    // Those that say the same at the same time are sent one message.
    setImmediate(() => {
      const identities = this.#refitted;
      this.#refitted = [];
      for (const each of identities) this.#collector.release(each, Date.now());
      // Without a broker now: the next tick asks again.
      this.send(identities).catch(unlessDisconnected);
    });
  }

  #end(identity: string, state: State, words: string): void {
    const result = this.#collector.end(identity, state, words, Date.now());
    if (!result) return;
    this.#parts.onResult(result);
    this.#parts.wakeUp.notify();
  }

  /** Waits until every target has ended and no more are to come, or the signal fires. */
  async settle(isMoreToCome = () => false): Promise<void> {
    const { presence, options, wakeUp } = this.#parts;
    // Needed only where somebody is silent, so nobody waits for it before the message is out.
    this.#view = await presence;
    let last = Date.now();
    while ((isMoreToCome() || !this.#collector.isComplete) && !options.signal?.aborted) {
      await wakeUp.wait(tickEvery);
      const now = Date.now();
      const passed = now - last;
      if (passed >= 0 && passed < tickEvery) continue;
      // Negative if the clock was set back.
      if (passed < 0 || passed >= suspendedFrom) this.#collector.skip(passed - tickEvery, now);
      last = now;
      await this.#tick(now);
    }
  }

  /** Ends the targets that have not ended, because nobody waits for them any more. */
  leave(start: number): void {
    const seconds = (Date.now() - start) / 1000;
    for (const result of this.#collector.leave(seconds)) this.#parts.onResult(result);
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
      await this.#parts.router.direct(attach(this.#message, after, this.#clockOffset), [identity]);
  }
}

function asQuestion(message: OwnRequest): OwnRequest {
  return { ...message, isQuestion: true };
}
