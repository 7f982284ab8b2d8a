import type { Listener, PublishOptions, Transport } from '@troupe/core';

interface Sent {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly options: PublishOptions | undefined;
}

/** A connection to a broker that remembers what a client sends, can send it again, and can lose replies. */
export class WireTap implements Transport {
  /** How often each message is published. */
  copies = 1;
  /** Whether a message that arrives is lost. */
  loses: (topic: string) => boolean = () => false;
  readonly sent: Sent[] = [];
  /** The `alg` of each reply that has arrived. */
  readonly algorithms: unknown[] = [];
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get connected() {
    return this.#inner.connected;
  }

  onChange(listener: () => void): void {
    this.#inner.onChange?.(listener);
  }

  async publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<void> {
    const message = { topic, payload, options };
    this.sent.push(message);
    for (let copy = 0; copy < this.copies; copy += 1) await this.#publish(message);
  }

  /** Publishes messages of before again, byte by byte the same. */
  async replay(messages: readonly Sent[]): Promise<void> {
    for (const message of messages) await this.#publish(message);
  }

  subscribe(filter: string, listener: Listener): Promise<() => Promise<void>> {
    const hear: Listener = (payload, topic, isRetained) => {
      if (this.loses(topic)) return;
      if (topic.includes('/reply/')) this.algorithms.push(algorithmOf(payload));
      listener(payload, topic, isRetained);
    };
    return this.#inner.subscribe(filter, hear);
  }

  onConnect(listener: () => void): void {
    this.#inner.onConnect(listener);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #publish({ topic, payload, options }: Sent): Promise<void> {
    await this.#inner.publish(topic, payload, options);
  }
}

function algorithmOf(payload: Uint8Array): unknown {
  const [header = ''] = Buffer.from(payload).toString().split('.', 1);
  return JSON.parse(Buffer.from(header, 'base64url').toString()).alg;
}
