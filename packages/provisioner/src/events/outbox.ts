import { BoundedMap } from '@troupe/core/internal';
import type { Notification } from './notification.js';
import type { Delivery, Notifier } from './notifier.js';

/** Ids of messages that are remembered. */
const mostIds = 20_000;

/** What is to be sent to people: each message once, however often it is posted. */
export class Outbox {
  readonly #notifier: Pick<Notifier, 'send'>;
  readonly #isOn: boolean;
  // bound: ids of messages that were posted | nodes; with an enrolment token, under any name | {mostIds} | 200 bytes
  // each | the one unused for the longest time is removed; its message is sent again if it is posted again
  readonly #posted = new BoundedMap<string, Promise<Delivery>>({ most: mostIds });

  /** Sends nothing if `isOn` is false. */
  constructor(notifier: Pick<Notifier, 'send'>, isOn: boolean) {
    this.#notifier = notifier;
    this.#isOn = isOn;
  }

  /** Whether messages are sent at all. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Has a message delivered to every target of `notify`. Never throws. */
  post(notification: Notification): void {
    if (this.#isOn) void this.send(notification);
  }

  /** The same, and what became of the first attempt. Never rejects. */
  send(notification: Notification): Promise<Delivery> {
    const known = this.#posted.get(notification.id);
    if (known !== undefined) return known;
    const delivery = this.#notifier.send(notification);
    this.#posted.set(notification.id, delivery);
    return delivery;
  }
}
