import type { Listener, PublishOptions, Transport } from '@troupe/core';
import { withSkew } from './clock.js';
import { type Faults, FaultyLine, type Mishap } from './faults.js';

/** A transport between a node and its broker on which things go wrong, as `faults` says at that moment. */
export class FaultyTransport implements Transport {
  readonly #inner: Transport;
  readonly #faults: () => Faults;
  readonly #in: FaultyLine;
  readonly #out: FaultyLine;

  /** `onMishap` hears of everything that is done to a message. */
  constructor(
    inner: Transport,
    faults: () => Faults,
    options: { readonly random?: () => number; readonly onMishap?: (what: Mishap) => void } = {},
  ) {
    const { random = Math.random, onMishap } = options;
    this.#inner = inner;
    this.#faults = faults;
    this.#in = new FaultyLine(faults, random, onMishap);
    this.#out = new FaultyLine(faults, random, onMishap);
  }

  get connected(): boolean {
    return this.#inner.connected;
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
    // What the broker acknowledges is not lost on the way: MQTT sends it again.
    if (options.qos === 1 || !this.#inner.connected) {
      await this.#inner.publish(topic, payload, options);
      return;
    }
    this.#out.carry(() => {
      // The sender was told that it is on its way; a connection that broke meanwhile loses it, as a real one does.
      this.#inner.publish(topic, payload, options).catch(() => undefined);
    });
  }

  subscribe(filter: string, listener: Listener): Promise<() => Promise<void>> {
    const hear: Listener = (...message) => {
      this.#in.carry(() => {
        const { skew = 0 } = this.#faults();
        if (skew === 0) listener(...message);
        else withSkew(skew, () => listener(...message));
      });
    };
    return this.#inner.subscribe(filter, hear);
  }

  onConnect(listener: () => void): void {
    this.#inner.onConnect(listener);
  }

  async close(): Promise<void> {
    this.#in.drop();
    this.#out.drop();
    await this.#inner.close();
  }
}
