import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, messageOf } from '@troupe/core';
import { BoundedMap } from '@troupe/core/internal';
import PQueue from 'p-queue';
import { DeliveryError } from '../delivery-error.js';
import type { Notification } from '../notification.js';
import { type Entry, nameOf, newEntry } from './entry.js';
import type { SpoolFolder } from './folder.js';
import { isCancelled, leaving } from './leaving.js';
import { delayAfter, type SpoolPolicy } from './policy.js';
import { keyOf, type SpoolRecord } from './record.js';
import type { SendResult } from './send-result.js';

export interface SendOptions {
  /** Whether it is kept and retried if it cannot be delivered now. */
  readonly keep: boolean;
  /** Whether the id is the caller's own, so that it may come again. */
  readonly remember: boolean;
  /** Fires when the caller no longer waits for the result. */
  readonly signal: AbortSignal;
}

export interface SpoolOptions {
  readonly folder: SpoolFolder;
  readonly policy: SpoolPolicy;
  readonly deliver: (notification: Notification, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Messages that were delivered as a part of a digest and are remembered. */
const mostCovered = 100_000;
/** Milliseconds between two looks at what is due, at most. */
const lookInterval = 60_000;
/** Milliseconds in which an attempt that is called off has ended. */
const endGrace = 500;
const day = 86_400_000;

/**
 * Delivers messages and keeps, on disk, those that cannot be delivered now. A message that it has accepted is delivered
 * at least once: it comes twice where this process dies between the moment the other side has taken it and the
 * moment that is on disk, or where the other side has taken it and could not say so.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #entries = new Map<string, Entry>();
  /** What was delivered as a part of a digest, by the same keys. */
  readonly #covered = new BoundedMap<string, true>({ most: mostCovered });
  readonly #queues = new Map<string, PQueue>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Reads what is on disk and continues with it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    for (const record of await options.folder.load()) {
      spool.#entries.set(keyOf(record.notification), newEntry(record, { isKept: true, isPromised: true }));
      if (record.state === 'delivered') spool.#cover(record.notification);
    }
    spool.#look();
    return spool;
  }

  /** Delivers a message, or keeps it. The same message is never delivered again while it is known. */
  async send(notification: Notification, { keep, remember, signal }: SendOptions): Promise<SendResult> {
    const known = this.#entries.get(keyOf(notification));
    if (known?.record.state === 'delivered' || (!known && this.#isCovered(notification)))
      return { state: 'delivered', isRepeat: true };
    if (known) {
      if (known.record.state === 'dead') await this.#revive(known);
      return this.#outcomeFor(known, signal);
    }
    const entry = newEntry(this.#recordOf(notification, remember));
    // At once, so that a second copy that comes now finds it.
    this.#entries.set(keyOf(notification), entry);
    return this.#outcomeFor(entry, signal, keep);
  }

  /** What waits and what is dead, the oldest first. */
  records(): readonly SpoolRecord[] {
    return [...this.#entries.values()]
      .filter(({ isKept, record }) => isKept && record.state !== 'delivered')
      .map(({ record }) => record)
      .sort((a, b) => a.since - b.since);
  }

  get damaged(): number {
    return this.#options.folder.damaged;
  }

  /** Retries the messages of an id, or all, including dead letters; returns how many there are. */
  async retry(id: string | undefined): Promise<number> {
    const chosen = this.#chosen(id);
    for (const entry of chosen) await this.#revive(entry);
    this.#look();
    return chosen.length;
  }

  /** Deletes the messages of an id, or all dead letters; returns how many there were. */
  async discard(id: string | undefined): Promise<number> {
    const chosen = this.#chosen(id).filter(({ record }) => id !== undefined || record.state === 'dead');
    for (const entry of chosen) {
      entry.withdrawal.abort();
      await entry.attempt;
      await this.#forget(entry);
    }
    return chosen.length;
  }

  /** Ends the deliveries in progress; what is on disk is delivered by the next process that opens it. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await Promise.all([...this.#entries.values()].map(({ attempt }) => attempt));
  }

  get #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #recordOf(notification: Notification, remember: boolean): SpoolRecord {
    const now = this.#now;
    const giveUpAt = now + this.#options.policy.give_up_after * 1000;
    const fresh = { notification, since: now, attempts: 0, reason: '', next: now, giveUpAt, remember };
    return { state: 'waiting', ...fresh };
  }

  #cover({ covers = [], recipient }: Notification): void {
    for (const id of covers) this.#covered.set(keyOf({ id, recipient }), true);
  }

  /** Whether the recipient got it, or all that it stands for, by other messages. */
  #isCovered({ id, recipient, covers = [] }: Notification): boolean {
    if (this.#covered.has(keyOf({ id, recipient }))) return true;
    const isDelivered = (part: string) => {
      const key = keyOf({ id: part, recipient });
      return this.#covered.has(key) || this.#entries.get(key)?.record.state === 'delivered';
    };
    return covers.length > 0 && covers.every(isDelivered);
  }

  #chosen(id: string | undefined): readonly Entry[] {
    return [...this.#entries.values()].filter(
      ({ isKept, record }) =>
        isKept && record.state !== 'delivered' && (id === undefined || record.notification.id === id),
    );
  }

  async #keep(entry: Entry): Promise<void> {
    const { policy, folder, log } = this.#options;
    if (this.records().length >= policy.max_messages) {
      entry.keepFault = `the spool is full (max_messages: ${policy.max_messages})`;
    } else {
      try {
        await entry.disk.run(() => folder.write(entry.record));
        entry.isKept = true;
        return;
      } catch (error) {
        entry.keepFault = messageOf(error);
      }
    }
    log.error({ ...nameOf(entry), reason: entry.keepFault }, 'cannot keep the message in the spool');
  }

  async #revive(entry: Entry): Promise<void> {
    // The attempt that made it a dead letter may still be writing that down; one that is under way is all that is asked.
    if (entry.record.state === 'dead') await entry.attempt;
    else if (entry.attempt !== undefined) return;
    const { record } = entry;
    // It may have been delivered, and be gone, since it was chosen.
    if (this.#entries.get(keyOf(record.notification)) !== entry || record.state === 'delivered') return;
    const now = this.#now;
    const giveUpAt = now + this.#options.policy.give_up_after * 1000;
    await this.#change(entry, { ...record, state: 'waiting', next: now, giveUpAt });
  }

  // What happens next counts, even if the disk is full: the file then has the previous state.
  async #change(entry: Entry, record: SpoolRecord): Promise<void> {
    entry.record = record;
    try {
      if (entry.isKept) await entry.disk.run(() => this.#options.folder.write(record));
    } catch (error) {
      this.#options.log.error(
        { ...nameOf(entry), reason: messageOf(error) },
        'cannot update a message in the spool: after a restart it may be retried earlier than planned',
      );
    }
  }

  async #forget(entry: Entry): Promise<void> {
    const key = keyOf(entry.record.notification);
    try {
      if (entry.isKept) await entry.disk.run(() => this.#options.folder.remove(entry.record));
    } catch (error) {
      this.#options.log.error(
        { ...nameOf(entry), reason: messageOf(error) },
        'cannot remove a message from the spool: after a restart it is delivered again',
      );
    }
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  // Waits for the attempt that is in progress or starts now, as long as the caller waits.
  async #outcomeFor(entry: Entry, signal: AbortSignal, keep = false): Promise<SendResult> {
    const attempt = this.#try(entry, keep);
    const left = leaving(signal);
    const outcome = await Promise.race([attempt, left.promise]);
    left.stop();
    if (outcome) {
      if (outcome.state === 'waiting') entry.isPromised = true;
      return outcome;
    }
    if (entry.isKept && !isCancelled(signal)) {
      entry.isPromised = true;
      return { state: 'waiting', reason: 'delivery is still in progress', next: this.#now };
    }
    if (!entry.isPromised) entry.withdrawal.abort();
    // One that waits behind others that hang would answer too late.
    return Promise.race([attempt, tooLate()]);
  }

  // One attempt at a time; the first of a message begins with writing it down.
  #try(entry: Entry, keep = false): Promise<SendResult> {
    entry.attempt ??= this.#begin(entry, keep).finally(() => {
      entry.attempt = undefined;
      this.#arm();
    });
    return entry.attempt;
  }

  async #begin(entry: Entry, keep: boolean): Promise<SendResult> {
    if (keep) await this.#keep(entry);
    return this.#queueOf(entry).add(() => this.#attempt(entry));
  }

  // A queue for each protocol: one server that hangs delays no other.
  #queueOf({ record }: Entry): PQueue {
    const { recipient } = record.notification;
    const protocol = recipient.slice(0, recipient.indexOf('://'));
    const queue = this.#queues.get(protocol) ?? new PQueue({ concurrency: this.#options.policy.concurrency });
    this.#queues.set(protocol, queue);
    return queue;
  }

  async #attempt(entry: Entry): Promise<SendResult> {
    const stop = AbortSignal.any([this.#closing.signal, entry.withdrawal.signal]);
    try {
      stop.throwIfAborted();
      await this.#options.deliver(entry.record.notification, stop);
    } catch (error) {
      return this.#failed(entry, error instanceof Error ? error : new Error(String(error)));
    }
    await this.#delivered(entry);
    return { state: 'delivered', isRepeat: false };
  }

  async #delivered(entry: Entry): Promise<void> {
    const { record } = entry;
    this.#options.log.info({ ...nameOf(entry), attempts: record.attempts + 1 }, 'message delivered');
    if (!record.remember) return this.#forget(entry);
    this.#cover(record.notification);
    const notification = { ...record.notification, subject: '', message: '', fields: {} };
    entry.record = {
      ...record,
      notification,
      state: 'delivered',
      attempts: record.attempts + 1,
      next: this.#now,
    };
    try {
      await entry.disk.run(() => this.#options.folder.write(entry.record));
      entry.isKept = true;
    } catch (error) {
      const reason = messageOf(error);
      this.#options.log.error(
        { ...nameOf(entry), reason },
        'cannot record in the spool that the message was delivered',
      );
      // It must not be delivered again after a restart; this process remembers it all the same.
      await entry.disk
        .run(() => this.#options.folder.remove(entry.record))
        .catch((also) =>
          this.#options.log.error(
            { ...nameOf(entry), reason: messageOf(also) },
            'cannot remove the delivered message from the spool',
          ),
        );
      entry.isKept = false;
    }
  }

  async #failed(entry: Entry, error: Error): Promise<SendResult> {
    const { log, policy, random = Math.random } = this.#options;
    const { record } = entry;
    if (entry.isKept && this.#closing.signal.aborted && !entry.withdrawal.signal.aborted)
      return { state: 'waiting', reason: 'mcod on this notifier is shutting down', next: this.#now };
    const isKnown = error instanceof DeliveryError;
    if (!isKnown && !entry.withdrawal.signal.aborted)
      log.error({ ...nameOf(entry), err: error }, 'delivery failed with an unexpected error');
    const isFinal = isKnown && error.isFinal;
    if (!entry.isKept || entry.withdrawal.signal.aborted || (isFinal && !entry.isPromised)) {
      await this.#forget(entry);
      return { state: 'failed', error: withFault(error, entry.keepFault) };
    }
    const reason = isKnown ? error.message : 'unexpected error: see the mcod log on this notifier';
    const attempts = record.attempts + 1;
    const now = this.#now;
    if (isFinal || now >= record.giveUpAt) {
      log.error(
        { ...nameOf(entry), attempts, reason },
        'message not delivered: giving up, it is now a dead letter',
      );
      await this.#change(entry, { ...record, state: 'dead', attempts, reason, next: now });
      return { state: 'failed', error: new DeliveryError(reason, { isFinal: true, cause: error }) };
    }
    const asked = isKnown ? error.retryAfterSeconds : undefined;
    const next = now + delayAfter(attempts, policy, random(), asked);
    log.warn(
      { ...nameOf(entry), attempts, reason, next: new Date(next) },
      'message not delivered: waiting for the next attempt',
    );
    await this.#change(entry, { ...record, attempts, reason, next });
    return { state: 'waiting', reason, next };
  }

  // Begins what is due.
  #look(): void {
    if (this.#closing.signal.aborted) return;
    const now = this.#now;
    for (const entry of this.#entries.values()) {
      const { state, next } = entry.record;
      // A clock that was set back must not hold anything up for longer than a day.
      if (state === 'waiting' && (next <= now || next > now + day)) void this.#try(entry);
    }
    void this.#tidy(now);
    this.#arm();
  }

  #arm(): void {
    if (this.#closing.signal.aborted) return;
    const waiting = [...this.#entries.values()].filter(
      ({ record, attempt }) => record.state === 'waiting' && attempt === undefined,
    );
    const next = Math.min(...waiting.map(({ record }) => record.next - this.#now), lookInterval);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), Math.max(next, 0)).unref();
  }

  async #tidy(now: number): Promise<void> {
    const { policy, log } = this.#options;
    const delivered = [...this.#entries.values()].filter(({ record }) => record.state === 'delivered');
    const tooMany = delivered.slice(0, Math.max(0, delivered.length - policy.max_messages));
    const old = delivered.filter(({ record }) => record.next + policy.remember * 1000 <= now);
    for (const entry of new Set([...tooMany, ...old])) {
      const { covers = [], recipient } = entry.record.notification;
      for (const id of covers) this.#covered.delete(keyOf({ id, recipient }));
      await this.#forget(entry);
    }
    for (const entry of this.#entries.values()) {
      if (entry.record.state !== 'dead' || entry.record.next + policy.keep_dead * 1000 > now) continue;
      log.warn(
        { ...nameOf(entry), reason: entry.record.reason },
        'dead letter deleted: older than keep_dead',
      );
      await this.#forget(entry);
    }
  }
}

async function tooLate(): Promise<SendResult> {
  await delay(endGrace, undefined, { ref: false });
  return { state: 'failed', error: new DeliveryError('Not delivered before the timeout of the call') };
}

function withFault(error: Error, keepFault: string | undefined): Error {
  if (keepFault === undefined || !(error instanceof DeliveryError)) return error;
  return new DeliveryError(`${error.message}; it cannot be kept in the spool either: ${keepFault}`, {
    cause: error,
  });
}
