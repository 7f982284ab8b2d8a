import { hostname } from 'node:os';
import type { LocalDelivery } from '@troupe/agent-notify/local';
import type { Logger } from '@troupe/core';
import PQueue from 'p-queue';
import { notifiesPeople, type ProvisionerConfig } from '../config/config.js';
import { openFallback } from '../config/recipients.js';
import type { PendingEntries, PendingJournal } from '../journal/pending-journal.js';
import { Channel, type ChannelTarget } from './channel.js';
import type { EventListener } from './events.js';
import type { Notification } from './notification.js';
import type { Handover, Notifier, OutgoingMessage } from './notifier.js';
import { isPending, type OutboxEntry, type PendingMessage, readEntry } from './pending-message.js';
import { SinglesBudget } from './singles-budget.js';

/** What became of the first attempt to send a message. */
export interface Delivery {
  /** `ok` also if a notifier queued it, or if it is sent in the next digest. */
  readonly outcome: 'ok' | 'failed';
  readonly reason: string;
}

/** How messages leave this program while it is connected to a broker. */
export interface OutboxLink {
  readonly notifier: Pick<Notifier, 'submit'>;
  /** Gets the outcome of each attempt. */
  readonly report: (event: Omit<Extract<Parameters<EventListener>[0], { type: 'notified' }>, 'time'>) => void;
}

export interface OutboxOptions {
  readonly config: Pick<ProvisionerConfig, 'notify' | 'steps'>;
  /** Where messages are kept until they are sent. */
  readonly journal: PendingJournal;
  readonly log: Logger;
}

/** What waits in an outbox. */
export interface OutboxState {
  readonly waiting: number;
  /** Since when the oldest one waits, milliseconds since 1970. */
  readonly oldestSince?: number;
  /** Why the last attempt failed, if one did: recipient and reason. */
  readonly reason?: string;
}

/** Messages that are kept, sent ones included. */
const mostMessages = 20_000;
const mostBytes = 64 * 1024 * 1024;
/** Milliseconds after which it is forgotten that a message was sent. */
const rememberFor = 7 * 86_400_000;
/** The most deliveries at a time. */
const concurrency = 5;

/** The first attempt of a message, recipient by recipient. */
interface FirstAttempt {
  readonly left: Set<string>;
  readonly words: Map<string, { readonly isAccepted: boolean; readonly words: string }>;
  readonly resolve: () => void;
}

/**
 * The messages to people: kept in the journal until every recipient has got them, over restarts and over the absence of
 * broker and notifiers, and sent at least once, the oldest first. Each message is sent once, however often it is
 * posted. A few messages an hour are sent singly, the others in digests.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #isOn: boolean;
  // bound: messages to people that wait for a notifier, or that were sent in the last days | nodes; with an enrolment
  // token, under any name | {mostMessages} | {bytes mostBytes} in all | the node with the most loses its oldest
  readonly #entries: PendingEntries<OutboxEntry>;
  /** Ids of the messages that somebody has not got, in their order. */
  // no peer fills this: it holds messages that are in the journal
  readonly #waiting = new Set<string>();
  readonly #channels: readonly Channel[];
  readonly #fallback: LocalDelivery | undefined;
  readonly #stop = new AbortController();
  // no peer fills this: it holds one delivery for each recipient of the configuration
  readonly #turns = new PQueue({ concurrency });
  // no peer fills this: it holds messages that are in the journal
  readonly #attempts = new Map<string, FirstAttempt>();
  // no peer fills this: it holds what this program itself asks for
  readonly #idlers = new Set<() => void>();
  #link: OutboxLink | undefined;
  #order = 0;

  /** Opens the outbox of a journal; nothing is sent before {@link start}. Throws CONFIG_INVALID. */
  constructor(options: OutboxOptions) {
    this.#options = options;
    const { config, journal } = options;
    const { targets, singles, fallback } = config.notify;
    this.#isOn = notifiesPeople(config);
    this.#entries = journal.entries<OutboxEntry>('messages', {
      most: mostMessages,
      mostBytes,
      read: readEntry,
      // Sent ones must not push out those that wait.
      ownerOf: (entry) => (isPending(entry) ? `node ${entry.identity}` : 'sent'),
    });
    const { sentSingly, lastDigest } = this.#restore(targets);
    const budget = new SinglesBudget(singles, sentSingly);
    this.#fallback = fallback && openFallback(fallback);
    const common = { budget, lastDigest, log: options.log };
    this.#channels = [
      ...targets.map((recipient) => new Channel({ ...common, target: this.#target(recipient) })),
      ...(fallback?.targets ?? []).map(
        (recipient) => new Channel({ ...common, target: this.#fallbackTarget(recipient) }),
      ),
    ];
  }

  /** Whether messages are sent at all. */
  get isOn(): boolean {
    return this.#isOn;
  }

  get state(): OutboxState {
    const pending = this.#pending();
    const [oldest] = pending;
    if (!oldest) return { waiting: 0 };
    const reason = this.#channels.find(({ fault }) => fault !== undefined)?.fault;
    return { waiting: pending.length, oldestSince: oldest.time, ...(reason === undefined ? {} : { reason }) };
  }

  /** Begins to send what waits. */
  start(): void {
    if (this.#isOn) this.kick();
  }

  /** Sends through notifiers from now on, until the result is called. */
  connect(link: OutboxLink): () => void {
    this.#link = link;
    this.kick();
    return () => {
      if (this.#link === link) this.#link = undefined;
    };
  }

  /** Tries again at once what could not be sent. */
  kick(): void {
    if (this.#isOn) for (const channel of this.#channels) channel.kick();
  }

  /** Has a message delivered to every target of `notify`. Never throws. */
  post(notification: Notification): void {
    if (this.#isOn) void this.send(notification);
  }

  /** The same, and what became of the first attempt, once the message is on disk. Never rejects. */
  async send(notification: Notification): Promise<Delivery> {
    const known = this.#entries.get(notification.id);
    if (known)
      return isPending(known)
        ? { outcome: 'ok', reason: 'this message is waiting to be sent already' }
        : { outcome: 'ok', reason: 'this message was sent before' };
    const { targets } = this.#options.config.notify;
    this.#order += 1;
    this.#set(notification.id, {
      ...notification,
      time: Date.now(),
      order: this.#order,
      recipients: targets,
      byFallback: [],
    });
    const first = new Promise<void>((resolve) => {
      if (targets.length === 0) resolve();
      else this.#attempts.set(notification.id, { left: new Set(targets), words: new Map(), resolve });
    });
    const attempt = this.#attempts.get(notification.id);
    this.kick();
    const [isSaved] = await Promise.all([this.#save(), first]);
    if (targets.length === 0) return { outcome: 'ok', reason: 'the fallback sends the notification' };
    const words = [...(attempt?.words.values() ?? [])];
    if (words.length < targets.length)
      return { outcome: 'failed', reason: 'not sent: this provisioner stopped, or its journal is full' };
    return deliveryOf(words, isSaved);
  }

  /** Resolves when nothing is being sent, and nothing waits for its first attempt. */
  async idle(): Promise<void> {
    while (this.#channels.some(({ isBusy }) => isBusy))
      await new Promise<void>((resolve) => this.#idlers.add(resolve));
  }

  /** Sends what waits for a digest, for a program that ends. Resolves when that was tried. */
  async flush(): Promise<void> {
    if (!this.#isOn) return;
    for (const channel of this.#channels) channel.flush();
    await this.idle();
  }

  /** Sends nothing more; what waits is in the journal. */
  stop(): void {
    this.#stop.abort();
    for (const channel of this.#channels) channel.stop();
    for (const { resolve } of this.#attempts.values()) resolve();
    this.#attempts.clear();
  }

  // Those whose recipients are no longer in the configuration have nobody to go to.
  #restore(targets: readonly string[]) {
    const sentSingly: (readonly [string, number])[] = [];
    let lastDigest = 0;
    const now = Date.now();
    const entries = [...this.#entries.entries()];
    const pending = entries.map(([, entry]) => entry).filter(isPending);
    for (const { id } of pending.sort((a, b) => a.order - b.order)) this.#waiting.add(id);
    for (const [id, entry] of entries) {
      if (!isPending(entry)) {
        if (entry.sent < now - rememberFor) this.#entries.delete(id);
        else if (entry.isSingle) sentSingly.push([id, entry.sent]);
        else lastDigest = Math.max(lastDigest, Math.min(entry.sent, now));
        continue;
      }
      this.#order = Math.max(this.#order, entry.order);
      const recipients = entry.recipients.filter((recipient) => targets.includes(recipient));
      if (recipients.length < entry.recipients.length) this.#settle({ ...entry, recipients }, true);
    }
    return { sentSingly, lastDigest };
  }

  #target(recipient: string): ChannelTarget {
    return {
      recipient,
      turn: (work) => this.#turns.add(work),
      pending: () => this.#pending().filter(({ recipients }) => recipients.includes(recipient)),
      dueAt: () => 0,
      deliver: (message) =>
        this.#link
          ? this.#link.notifier.submit(message)
          : Promise.resolve({ delivered: false, reason: 'not connected to a broker' }),
      settled: (ids, handover, isSingle) => {
        for (const id of ids) this.#accepted(id, recipient, handover, isSingle);
      },
      failed: (messages, handover) => {
        for (const message of messages) {
          // Further attempts fail for the same reason; the channel logs a new one.
          if (this.#isFirst(message, recipient)) this.#report(message, recipient, handover);
          this.#note(message.id, recipient, wordsOf(recipient, handover));
        }
      },
      postponed: (messages) => {
        for (const { id } of messages)
          this.#note(id, recipient, {
            isAccepted: true,
            words: `the message to ${recipient} is sent in the next digest`,
          });
      },
      ended: () => this.#ended(),
    };
  }

  #fallbackTarget(recipient: string): ChannelTarget {
    const { targets, fallback } = this.#options.config.notify;
    const wait = targets.length === 0 ? 0 : (fallback?.after ?? 0) * 1000;
    return {
      recipient,
      turn: (work) => this.#turns.add(work),
      pending: () => this.#pending().filter(({ byFallback }) => !byFallback.includes(recipient)),
      // A message of the future was posted before the clock was set back.
      dueAt: ({ time }) => Math.min(time, Date.now()) + wait,
      deliver: (message) => this.#deliverLocally(message),
      settled: (ids, handover, isSingle) => {
        for (const id of ids) {
          const entry = this.#entries.get(id);
          if (!entry || !isPending(entry)) continue;
          this.#report(entry, recipient, handover);
          const recipients = entry.recipients.filter((each) => each !== recipient);
          this.#settle({ ...entry, recipients, byFallback: [...entry.byFallback, recipient] }, isSingle);
        }
      },
      failed: () => {},
      postponed: () => {},
      ended: () => this.#ended(),
    };
  }

  async #deliverLocally(message: OutgoingMessage): Promise<Handover> {
    if (!this.#fallback) return { delivered: false, reason: 'no fallback is configured' };
    const host = hostname();
    const { signal } = this.#stop;
    const failure = await this.#fallback.deliver(message, { caller: 'mcprovision', host, signal });
    if (failure === undefined) return { delivered: true, by: `mcprovision on ${host}` };
    const { reason, isFinal } = failure;
    return { delivered: false, reason, ...(isFinal ? { isAnswered: true } : {}) };
  }

  // The oldest first.
  #pending(): readonly PendingMessage[] {
    const pending: PendingMessage[] = [];
    for (const id of this.#waiting) {
      const entry = this.#entries.get(id);
      if (entry && isPending(entry)) pending.push(entry);
      else this.#drop(id);
    }
    return pending;
  }

  // The journal was full.
  #drop(id: string): void {
    this.#waiting.delete(id);
    this.#attempts.get(id)?.resolve();
    this.#attempts.delete(id);
  }

  #set(id: string, entry: OutboxEntry): void {
    if (isPending(entry)) this.#waiting.add(id);
    else this.#waiting.delete(id);
    this.#entries.set(id, entry);
  }

  #accepted(id: string, recipient: string, handover: Handover, isSingle: boolean): void {
    const entry = this.#entries.get(id);
    if (!entry || !isPending(entry)) return;
    this.#report(entry, recipient, handover);
    const recipients = entry.recipients.filter((each) => each !== recipient);
    this.#settle({ ...entry, recipients }, isSingle);
    this.#note(id, recipient, wordsOf(recipient, handover));
  }

  // Nobody is left who has not got it, unless a fallback alone is configured.
  #settle(message: PendingMessage, isSingle: boolean): void {
    const { id, recipients, byFallback } = message;
    const { targets, fallback } = this.#options.config.notify;
    const isOver =
      recipients.length === 0 &&
      (targets.length > 0 || (fallback?.targets ?? []).every((each) => byFallback.includes(each)));
    this.#set(id, isOver ? { id, sent: Date.now(), isSingle } : message);
  }

  #report(message: PendingMessage, recipient: string, handover: Handover): void {
    const { identity, subject } = message;
    const protocol = recipient.slice(0, recipient.indexOf('://'));
    const { delivered, by, reason } = handover;
    const event = {
      identity,
      type: 'notified',
      protocol,
      recipient,
      subject,
      delivered,
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    } as const;
    if (this.#link) this.#link.report(event);
    else if (by !== undefined) this.#options.log.info({ node: identity, recipient, by }, 'notification sent');
  }

  #note(id: string, recipient: string, words: { isAccepted: boolean; words: string }): void {
    const attempt = this.#attempts.get(id);
    if (!attempt?.left.delete(recipient)) return;
    attempt.words.set(recipient, words);
    if (attempt.left.size > 0) return;
    this.#attempts.delete(id);
    attempt.resolve();
  }

  #isFirst({ id }: PendingMessage, recipient: string): boolean {
    return this.#attempts.get(id)?.left.has(recipient) === true;
  }

  #ended(): void {
    for (const resolve of this.#idlers) resolve();
    this.#idlers.clear();
  }

  async #save(): Promise<boolean> {
    try {
      await this.#options.journal.saved();
      return true;
    } catch {
      return false; // The journal logs it, and tries again.
    }
  }
}

function wordsOf(recipient: string, { delivered, by, reason }: Handover) {
  if (delivered) return { isAccepted: true, words: `${by} notified ${recipient}` };
  if (by !== undefined)
    return { isAccepted: true, words: `${by} queued the notification to ${recipient}: ${reason}` };
  return { isAccepted: false, words: `cannot notify ${recipient}: ${reason}` };
}

function deliveryOf(
  all: readonly { readonly isAccepted: boolean; readonly words: string }[],
  isSaved: boolean,
): Delivery {
  const reason = all.map(({ words }) => words).join('; ');
  const accepted = all.filter(({ isAccepted }) => isAccepted).length;
  if (accepted === all.length) return { outcome: 'ok', reason };
  const some = accepted > 0 ? `${accepted} of ${all.length} recipients notified; ` : '';
  const next = isSaved
    ? 'this provisioner keeps the message and retries'
    : 'retried until this provisioner stops';
  return { outcome: 'failed', reason: `${some}${reason}; ${next}` };
}
