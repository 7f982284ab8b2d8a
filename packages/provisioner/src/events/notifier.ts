import { type Logger, messageOf } from '@troupe/core';
import PQueue from 'p-queue';
import type { ProvisionerConfig } from '../config/config.js';
import { failureOf } from '../rpc/failure.js';
import type { Peers } from '../rpc/peers.js';
import type { Events } from './events.js';
import type { Notification } from './notification.js';

/** What became of a notification. */
export interface Delivery {
  /** `ok` also if a notifier queued it for delivery. */
  readonly outcome: 'ok' | 'failed';
  readonly reason: string;
}

interface Input {
  readonly recipient: string;
  readonly subject: string;
  readonly message: string;
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly spool: boolean;
}

/** No notifier has accepted it if `by` is missing. */
interface Handover {
  readonly delivered: boolean;
  readonly by?: string;
  readonly reason?: string;
}

/**
 * Has messages delivered by one of the notifiers; another takes over from one that fails. If none can deliver a
 * message now, one that can queue it does so. Never throws.
 */
export class Notifier {
  readonly #peers: Peers;
  readonly #config: ProvisionerConfig['notify'];
  readonly #events: Events;
  readonly #log: Logger;
  // no peer fills this: it holds nodes in progress, which the roster bounds
  readonly #queue = new PQueue({ concurrency: 5 });

  constructor(peers: Peers, config: ProvisionerConfig['notify'], events: Events, log: Logger) {
    this.#peers = peers;
    this.#config = config;
    this.#events = events;
    this.#log = log;
  }

  /** Delivers to every target and emits an event for each; the result describes the outcome. Never rejects. */
  async send(notification: Notification): Promise<Delivery> {
    const sent = await Promise.all(
      this.#config.targets.map((recipient) => this.#queue.add(() => this.#deliver(recipient, notification))),
    );
    const outcome = sent.every(({ isAccepted }) => isAccepted) ? 'ok' : 'failed';
    return { outcome, reason: sent.map(({ words }) => words).join('; ') };
  }

  /** Resolves when nothing is being delivered. */
  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  async #deliver(recipient: string, { identity, id, subject, text, fields }: Notification) {
    const protocol = recipient.slice(0, recipient.indexOf('://'));
    const about = { identity, type: 'notified', protocol, recipient, subject } as const;
    const input = { recipient, subject: subject.slice(0, 200), message: text, id, fields };
    const handover = await this.#submit(input);
    this.#events.emit({ ...about, ...handover });
    const { delivered, by, reason } = handover;
    if (delivered) return { isAccepted: true, words: `${by} notified ${recipient}` };
    if (by !== undefined)
      return { isAccepted: true, words: `${by} queued the notification to ${recipient}: ${reason}` };
    this.#log.warn({ node: identity, recipient, reason }, 'cannot send notification');
    return { isAccepted: false, words: `cannot notify ${recipient}: ${reason}` };
  }

  // First one that can deliver it now, then one that queues it.
  async #submit(input: Omit<Input, 'spool'>): Promise<Handover> {
    const reasons = new Set<string>();
    try {
      const notifiers = await this.#notifiers();
      for (const spool of [false, true]) {
        for (const notifier of notifiers) {
          const handover = await this.#try(notifier, { ...input, spool });
          if (handover.by !== undefined) return handover;
          reasons.add(handover.reason ?? '');
        }
      }
      if (reasons.size === 0) reasons.add(`no node with the agent ${this.#config.agent} found`);
    } catch (error) {
      reasons.add(messageOf(error));
    }
    return { delivered: false, reason: [...reasons].join('; ') };
  }

  async #try(notifier: string, input: Input): Promise<Handover> {
    const { notify, main: collective } = this.#peers;
    const result = await notify.sendmsg(input, { targets: [notifier], collective }).one();
    const failure = failureOf(result, 'notify sendmsg');
    if (failure || !result.ok) return { delivered: false, reason: failure?.message ?? '' };
    const { state, reason } = result.data;
    return state === 'waiting'
      ? { delivered: false, by: notifier, reason: reason ?? '' }
      : { delivered: true, by: notifier };
  }

  // In any order, so that none has to do all the work.
  async #notifiers(): Promise<readonly string[]> {
    const { client, main: collective } = this.#peers;
    const { nodes } = await client.discover({ collective, filter: this.#config.filter });
    const first = Math.floor(Math.random() * nodes.length);
    return [...nodes.slice(first), ...nodes.slice(0, first)];
  }
}
