import { type Listener, matchesTopic, type PublishOptions, type Transport, type Will } from './transport.js';

/** A broker in one process, for tests and examples: topics, wildcards, retained messages and wills. */
export class MemoryBroker {
  // no peer fills this: it is for tests and emulators in one process
  readonly #clients = new Set<MemoryTransport>();
  // no peer fills this: it is for tests and emulators in one process
  readonly #retained = new Map<string, Uint8Array>();

  connect(options: { will?: Will } = {}): MemoryTransport {
    const client = new MemoryTransport(this, options.will);
    this.#clients.add(client);
    return client;
  }

  /** @internal */
  route(topic: string, payload: Uint8Array, retain: boolean): void {
    if (retain && payload.length > 0) this.#retained.set(topic, payload);
    else if (retain) this.#retained.delete(topic);
    for (const client of this.#clients) client.deliver(topic, payload);
  }

  /** @internal */
  retained(): Iterable<[string, Uint8Array]> {
    return [...this.#retained];
  }

  /** @internal */
  leave(client: MemoryTransport): void {
    this.#clients.delete(client);
  }
}

/** A connection to a MemoryBroker. Messages are delivered in a later turn of the loop, as over a network. */
export class MemoryTransport implements Transport {
  readonly #broker: MemoryBroker;
  readonly #will: Will | undefined;
  // no peer fills this: it holds what this program itself asks for
  readonly #subscriptions = new Set<{ filter: string; listener: Listener }>();
  connected = true;

  constructor(broker: MemoryBroker, will?: Will) {
    this.#broker = broker;
    this.#will = will;
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
    this.#broker.route(topic, payload, options.retain ?? false);
  }

  async subscribe(filter: string, listener: Listener): Promise<() => Promise<void>> {
    const subscription = { filter, listener };
    this.#subscriptions.add(subscription);
    for (const [topic, payload] of this.#broker.retained()) {
      if (matchesTopic(filter, topic)) setImmediate(() => listener(payload, topic, true));
    }
    return async () => {
      this.#subscriptions.delete(subscription);
    };
  }

  onConnect(listener: () => void): void {
    listener();
  }

  /** @internal */
  deliver(topic: string, payload: Uint8Array): void {
    for (const { filter, listener } of this.#subscriptions) {
      if (matchesTopic(filter, topic)) setImmediate(() => listener(payload, topic, false));
    }
  }

  async close(): Promise<void> {
    this.connected = false;
    this.#broker.leave(this);
  }

  /** Vanishes without taking leave: the broker publishes the will. */
  drop(): void {
    this.connected = false;
    this.#broker.leave(this);
    if (this.#will) this.#broker.route(this.#will.topic, this.#will.payload, true);
  }
}
