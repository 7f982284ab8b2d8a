import { type Presence, parsePresence, type Topic, type Topics, type Transport } from '@troupe/core';

export type PresenceListener = (presence: Presence) => void;

/** Milliseconds without another retained record after which those at hand are all. */
const settleQuiet = 40;
const settleMost = 500;
/** The same where there are many, of which a busy broker or client makes a pause easily. */
const many = 100;
const settleQuietOfMany = 250;
/** The most that a pause between two records, while they come, makes of it. */
const settleLongest = 2_000;

/** Who is online in a collective, as the broker's retained records say: a hint, kept up to date while the client lives. */
export class PresenceView {
  readonly #records = new Map<string, Presence>();
  readonly #listeners = new Set<PresenceListener>();
  #lastHeard = 0;
  #lastNew = Date.now();
  #longestGap = 0;

  /** Subscribes, and waits until the records that the broker retains are in. */
  static async open(transport: Transport, topics: Topics, collective: string): Promise<PresenceView> {
    const view = new PresenceView();
    await transport.subscribe(
      topics.presences(collective),
      (payload, topic) => view.#take(payload, topics.parse(topic)),
      {
        qos: 1,
      },
    );
    await view.#settled();
    return view;
  }

  get(identity: string): Presence | undefined {
    return this.#records.get(identity);
  }

  /** Undefined where nothing is known of the node. */
  isOnline(identity: string): boolean | undefined {
    return this.#records.get(identity)?.online;
  }

  /** Whether others are known and this node never was: where the broker tells who is there. */
  isStranger(identity: string): boolean {
    return this.#records.size > 0 && !this.#records.has(identity);
  }

  online(): readonly string[] {
    return [...this.#records.values()].filter(({ online }) => online).map(({ identity }) => identity);
  }

  offline(): readonly string[] {
    return [...this.#records.values()].filter(({ online }) => !online).map(({ identity }) => identity);
  }

  /** Whether all records that the broker retains are here, as far as the pauses between them tell. */
  isSettled(now = Date.now()): boolean {
    const least = this.#records.size > many ? settleQuietOfMany : settleQuiet;
    return now - this.#lastNew >= Math.max(least, Math.min(settleLongest, 3 * this.#longestGap));
  }

  /** Hears of every node that comes, goes or says again that it is here, until the result is called. */
  onChange(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Of how many nodes something is known. */
  get size(): number {
    return this.#records.size;
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  #take(payload: Uint8Array, topic: Topic | undefined): void {
    const record = parsePresence(payload) ?? this.#gone(payload, topic);
    if (!record) return;
    const now = Date.now();
    this.#lastHeard = now;
    if (!this.#records.has(record.identity)) {
      // A node that comes later, for the first time, is none of those that were retained.
      const gap = now - this.#lastNew;
      if (gap < settleLongest) this.#longestGap = Math.max(this.#longestGap, gap);
      this.#lastNew = now;
    }
    this.#records.set(record.identity, record);
    for (const listener of this.#listeners) listener(record);
  }

  // A node that left the collective for good takes its record away.
  #gone(payload: Uint8Array, topic: Topic | undefined): Presence | undefined {
    if (payload.length > 0 || topic?.kind !== 'presence') return undefined;
    const known = this.#records.get(topic.identity);
    return known && { ...known, online: false };
  }

  async #settled(): Promise<void> {
    const start = Date.now();
    this.#lastHeard = start;
    while (Date.now() - this.#lastHeard < settleQuiet && Date.now() - start < settleMost) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
