import { hostname } from 'node:os';
import { brokerAwayNotification } from '../events/notification.js';
import type { Outbox } from '../events/outbox.js';

/** Milliseconds without a connection after which people are notified. */
const longAway = 300_000;
const lookEvery = 5_000;

/** Notifies people once of each loss of the broker that lasts: without it a provisioner sees no machine. */
export class BrokerWatch {
  readonly #timer: NodeJS.Timeout;
  #since: number | undefined;
  #isPosted = false;

  constructor({ isConnected, outbox }: { isConnected: () => boolean; outbox: Pick<Outbox, 'post'> }) {
    this.#look(isConnected, outbox);
    this.#timer = setInterval(() => this.#look(isConnected, outbox), lookEvery).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(isConnected: () => boolean, outbox: Pick<Outbox, 'post'>): void {
    if (isConnected()) {
      this.#since = undefined;
      this.#isPosted = false;
      return;
    }
    const now = Date.now();
    // A clock that was set back must not hide the loss.
    this.#since = Math.min(this.#since ?? now, now);
    if (this.#isPosted || now - this.#since < longAway) return;
    this.#isPosted = true;
    outbox.post(brokerAwayNotification(hostname(), new Date(this.#since)));
  }
}
