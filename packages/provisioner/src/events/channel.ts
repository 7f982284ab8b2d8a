import type { Logger } from '@troupe/core';
import { cut } from '@troupe/core/internal';
import { digestsOf } from './digest.js';
import type { Handover, OutgoingMessage } from './notifier.js';
import type { PendingMessage } from './pending-message.js';
import type { SinglesBudget } from './singles-budget.js';

/** One recipient, as its channel sees it. */
export interface ChannelTarget {
  readonly recipient: string;
  /** Runs a delivery when it is its turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** What the recipient has not got, the oldest first. */
  pending(): readonly PendingMessage[];
  /** When a message is to be sent to this recipient, milliseconds since 1970. */
  dueAt(message: PendingMessage): number;
  /** Never rejects. */
  deliver(message: OutgoingMessage): Promise<Handover>;
  /** A notifier, or this host, has accepted these messages for the recipient. */
  settled(ids: readonly string[], handover: Handover, isSingle: boolean): void;
  /** An attempt failed. */
  failed(messages: readonly PendingMessage[], handover: Handover): void;
  /** These messages wait for the next digest. */
  postponed(messages: readonly PendingMessage[]): void;
  /** A round has ended. */
  ended(): void;
}

/** Milliseconds between two digests. */
const digestEvery = 600_000;
/** Milliseconds in which the first messages of a digest gather. */
const gatherFor = 10_000;
/** Milliseconds before an attempt is repeated, at first and at most. */
const retry = { first: 5_000, most: 60_000 };
/** The same, if somebody said no to a message. */
const retryRefused = { first: 30_000, most: 300_000 };
/** Messages of one round to which somebody may say no. */
const mostRefusals = 10;

/** Characters of text that a notifier takes. */
const mostText = 10_000;
/** Milliseconds after which a message says when it was reported. */
const lateAfter = 120_000;

/** `failed`: nobody answered; `refused`: somebody said no to these messages. */
type Outcome = 'settled' | 'refused' | 'failed';

/**
 * Sends messages to one recipient, one after the other, the oldest first. It does not wait for other recipients, nor do
 * they for it.
 */
export class Channel {
  readonly #target: ChannelTarget;
  readonly #budget: SinglesBudget;
  readonly #log: Logger;
  #lastDigest: number;
  #failures = 0;
  #lastReason: string | undefined;
  /** Messages to which somebody said no: how often, and when they are tried again. */
  // no peer fills this: it holds messages that are in the outbox
  readonly #refused = new Map<string, { readonly times: number; readonly until: number }>();
  #isRunning = false;
  #isAgain = false;
  #isFlushing = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    target: ChannelTarget;
    budget: SinglesBudget;
    /** When a digest was sent last, milliseconds since 1970. */
    lastDigest: number;
    log: Logger;
  }) {
    this.#target = options.target;
    this.#budget = options.budget;
    this.#lastDigest = options.lastDigest;
    this.#log = options.log;
  }

  get isBusy(): boolean {
    return this.#isRunning;
  }

  /** Why the last attempt failed; undefined if it succeeded. */
  get fault(): string | undefined {
    return this.#lastReason === undefined
      ? undefined
      : `cannot notify ${this.#target.recipient}: ${this.#lastReason}`;
  }

  /** Sends what can be sent now; what cannot is tried again later. */
  kick(): void {
    if (this.#isStopped) return;
    this.#isAgain = true;
    if (!this.#isRunning) void this.#run();
  }

  /** The same, and the digest is sent now. */
  flush(): void {
    this.#isFlushing = true;
    this.kick();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    clearTimeout(this.#timer);
    let next = Number.POSITIVE_INFINITY;
    while (this.#isAgain && !this.#isStopped) {
      this.#isAgain = false;
      next = await this.#round();
    }
    this.#isRunning = false;
    this.#isFlushing = false;
    if (Number.isFinite(next) && !this.#isStopped)
      this.#timer = setTimeout(() => this.kick(), Math.max(0, next - Date.now()));
    this.#target.ended();
  }

  /** Returns when there is something to do again, milliseconds since 1970. */
  async #round(): Promise<number> {
    const all = this.#target.pending();
    this.#forgetRefused(all);
    const now = Date.now();
    const isDue = (message: PendingMessage) => this.#dueAt(message) <= now;
    let next = Math.min(...all.filter((message) => !isDue(message)).map((message) => this.#dueAt(message)));
    let refusals = 0;
    const rest: PendingMessage[] = [];
    for (const message of all.filter(isDue)) {
      if (this.#isStopped) return next;
      if (!this.#budget.claim(message.id, Date.now())) {
        rest.push(message);
        continue;
      }
      const outcome = await this.#single(message);
      if (outcome === 'refused') refusals += 1;
      if (outcome === 'failed' || refusals >= mostRefusals) return this.#failed(next);
    }
    if (rest.length > 0) {
      const at = this.#digestAt(rest);
      if (at > Date.now()) {
        this.#target.postponed(rest);
        next = Math.min(next, at);
      } else if (!(await this.#digest(rest))) return this.#failed(next);
    }
    this.#failures = 0;
    if (refusals > 0) return Math.min(next, Date.now() + retryRefused.first);
    this.#lastReason = undefined;
    return next;
  }

  #failed(next: number): number {
    const wait = Math.min(retry.most, retry.first * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    return Math.min(next, Date.now() + wait);
  }

  #dueAt(message: PendingMessage): number {
    return Math.max(this.#target.dueAt(message), this.#refused.get(message.id)?.until ?? 0);
  }

  #forgetRefused(pending: readonly PendingMessage[]): void {
    const left = new Set(pending.map(({ id }) => id));
    for (const id of this.#refused.keys()) if (!left.has(id)) this.#refused.delete(id);
  }

  async #single(message: PendingMessage): Promise<Outcome> {
    const { id, subject, text, fields, time } = message;
    const dated = { ...fields, time: isoTime(time) };
    const late =
      Date.now() - time > lateAfter
        ? `\n\nThis was reported at ${isoTime(time)} and could not be sent earlier.`
        : '';
    const outgoing = { id, subject, message: `${text}${late}`, fields: dated };
    const outcome = await this.#send([message], outgoing, true);
    this.#budget.end(id, outcome === 'settled');
    return outcome;
  }

  async #digest(messages: readonly PendingMessage[]): Promise<boolean> {
    const byId = new Map(messages.map((message) => [message.id, message]));
    for (const { id, subject, text, fields, messages: parts } of digestsOf(messages)) {
      if (this.#isStopped) return true;
      const covered = parts.flatMap((part) => byId.get(part.id) ?? []);
      const outcome = await this.#send(covered, { id, subject, message: text, fields }, false);
      if (outcome === 'failed') return false;
      if (outcome === 'settled') this.#lastDigest = Date.now();
    }
    return true;
  }

  async #send(
    messages: readonly PendingMessage[],
    outgoing: Omit<OutgoingMessage, 'recipient'>,
    isSingle: boolean,
  ): Promise<Outcome> {
    const { recipient } = this.#target;
    const subject = outgoing.subject.slice(0, 200);
    const message = cut(outgoing.message, mostText);
    const handover = await this.#target.turn(() =>
      this.#target.deliver({ ...outgoing, subject, message, recipient }),
    );
    if (handover.by !== undefined) {
      const ids = messages.map(({ id }) => id);
      this.#target.settled(ids, handover, isSingle);
      return 'settled';
    }
    const { reason } = handover;
    if (reason !== this.#lastReason)
      this.#log.warn(
        { recipient, reason, waiting: this.#target.pending().length },
        'cannot send notifications: they are kept, and retried',
      );
    this.#lastReason = reason;
    if (!handover.isAnswered) {
      // What nobody takes now, nobody takes a moment later: the others are not tried.
      this.#target.failed(
        this.#target.pending().filter((message) => this.#dueAt(message) <= Date.now()),
        handover,
      );
      return 'failed';
    }
    this.#target.failed(messages, handover);
    for (const { id } of messages) {
      const times = (this.#refused.get(id)?.times ?? 0) + 1;
      const wait = Math.min(retryRefused.most, retryRefused.first * 2 ** Math.min(times - 1, 10));
      this.#refused.set(id, { times, until: Date.now() + wait });
    }
    return 'refused';
  }

  #digestAt(messages: readonly PendingMessage[]): number {
    if (this.#isFlushing) return 0;
    const now = Date.now();
    // A clock that was set back must not hold anything up.
    const last = Math.min(this.#lastDigest, now);
    const since = messages.map((message) =>
      Math.min(Math.max(this.#target.dueAt(message), message.time), now),
    );
    return Math.max(last === 0 ? 0 : last + digestEvery, Math.min(...since) + gatherFor);
  }
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
