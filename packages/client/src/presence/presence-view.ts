import {
  type Presence,
  type ProtocolVersion,
  parsePresence,
  type Topic,
  type Topics,
  type Transport,
} from '@troupe/core';

export type PresenceListener = (presence: Presence) => void;

/** Milliseconds without another retained record after which those at hand are all. */
const settleQuiet = 40;
const settleMost = 500;
/** The same where there are many, of which a busy broker or client makes a pause easily. */
const many = 100;
const settleQuietOfMany = 250;
/** The most that a pause between two records, while they come, makes of it. */
const settleLongest = 2_000;
/** Milliseconds after news in which a record that the broker kept is older than they are; later it is news itself. */
const replayLongest = 2_000;

/** Names of which a record is kept, and bytes of their records: anybody at the broker may be able to make up names. */
export const mostRecords = 200_000;
const mostBytes = 128 * 1024 * 1024;

/** Which nodes of a collective are online, by the retained records of the broker: a hint, kept up to date while the client runs. */
export class PresenceView {
  // bound: presence records | nodes, each under its own name; anyone who controls the broker | {mostRecords} | {bytes
  // mostBytes}; a record has at most 4 KiB | records of nodes that are offline are removed; then further nodes are
  // ignored
  readonly #records = new Map<string, Presence>();
  // no peer fills this: it holds what this program itself asks for
  readonly #listeners = new Set<PresenceListener>();
  /** When those that are offline were last seen going, milliseconds since 1970. */
  // no peer fills this: it holds nodes that have a record
  readonly #left = new Map<string, number>();
  /** When this connection brought news of whom, milliseconds since 1970: a record that the broker kept is older. */
  // no peer fills this: it holds nodes that have a record
  readonly #fresh = new Map<string, number>();
  // no peer fills this: it holds nodes that have a record
  readonly #sizes = new Map<string, number>();
  /** Those whose record was removed: they are offline, and nobody counts on them any more. */
  // no peer fills this: it holds nodes that have a record
  readonly #removed = new Set<string>();
  #bytes = 0;
  #lastHeard = 0;
  #lastNew = Date.now();
  #longestGap = 0;

  #begun = Date.now();
  #settling: Promise<void> | undefined;

  /** Subscribes; the records that the broker retains are still to come. */
  static async open(transport: Transport, topics: Topics, collective: string): Promise<PresenceView> {
    const view = new PresenceView();
    await transport.subscribe(topics.presences(collective), (payload, topic, isRetained) =>
      view.#take(payload, topics.parse(topic), isRetained),
    );
    // The records of the next connection show what happened in between.
    transport.onChange?.(() => {
      if (!transport.connected) view.#fresh.clear();
    });
    view.#begin();
    return view;
  }

  /** Resolves when the records that the broker retains are in, as far as the pauses between them tell. */
  settled(): Promise<void> {
    this.#settling ??= this.#quiet();
    return this.#settling;
  }

  /** Resolves as soon as somebody is known to be online, or it is settled that nobody is. */
  async whenAnybody(): Promise<void> {
    if (this.online().length > 0) return;
    let ignore = () => {};
    const first = new Promise<void>((resolve) => {
      ignore = this.onChange(({ online }) => online && resolve());
    });
    await Promise.race([first, this.settled()]).finally(ignore);
  }

  /** Resolves as soon as there is a record of each of these nodes, or it is settled that there is not. */
  async whenKnown(identities: readonly string[]): Promise<void> {
    const missing = new Set(identities.filter((identity) => !this.#records.has(identity)));
    if (missing.size === 0) return;
    let ignore = () => {};
    const all = new Promise<void>((resolve) => {
      ignore = this.onChange(({ identity }) => {
        if (missing.delete(identity) && missing.size === 0) resolve();
      });
    });
    await Promise.race([all, this.settled()]).finally(ignore);
  }

  get(identity: string): Presence | undefined {
    return this.#records.get(identity);
  }

  /** Undefined where nothing is known of the node. */
  isOnline(identity: string): boolean | undefined {
    return this.#records.get(identity)?.online;
  }

  /** When a node that is offline was seen going; nothing where it was offline when this client came. */
  leftAt(identity: string): number | undefined {
    return this.#left.get(identity);
  }

  /** Whether others are known and this node never was: where the broker tells who is there. */
  isStranger(identity: string): boolean {
    return this.#records.size > 0 && !this.#records.has(identity);
  }

  /** The highest version of the protocol that a node claims to speak; nothing where there is no record of it. */
  protocolOf(identity: string): ProtocolVersion | undefined {
    const record = this.#records.get(identity);
    return record && claimOf(record);
  }

  /** Whether a node that is online claims nothing better than version 1, or nobody is known to be online. */
  mayHaveVersion1(): boolean {
    const online = [...this.#records.values()].filter((record) => record.online);
    return online.length === 0 || online.some((record) => claimOf(record) === 1);
  }

  online(): readonly string[] {
    return [...this.#records.values()].filter(({ online }) => online).map(({ identity }) => identity);
  }

  offline(): readonly string[] {
    return [...this.#records.values()]
      .filter(({ online, identity }) => !online && !this.#removed.has(identity))
      .map(({ identity }) => identity);
  }

  /** Whether the record of a node was removed while this view was open. */
  isRemoved(identity: string): boolean {
    return this.#removed.has(identity);
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

  #take(payload: Uint8Array, topic: Topic | undefined, isRetained: boolean): void {
    const record = parsePresence(payload) ?? this.#gone(payload, topic);
    // A broker lets a node publish under its own name.
    if (!record || topic?.kind !== 'presence' || topic.identity !== record.identity) return;
    if (!this.#hasRoom(record.identity, payload.length)) return;
    // A broker reads what it has kept while news go out already, so that a node which has just died seems to be back.
    const now = Date.now();
    const news = this.#fresh.get(record.identity);
    if (isRetained && news !== undefined && now - news < replayLongest) return;
    if (!isRetained) this.#fresh.set(record.identity, now);
    this.#lastHeard = now;
    if (!this.#records.has(record.identity)) {
      // A node that comes later, for the first time, is none of those that were retained.
      const gap = now - this.#lastNew;
      if (gap < settleLongest) this.#longestGap = Math.max(this.#longestGap, gap);
      this.#lastNew = now;
    }
    if (payload.length === 0) this.#removed.add(record.identity);
    else this.#removed.delete(record.identity);
    this.#noteLeaving(record, isRetained, now);
    this.#keep(record, payload.length);
    for (const listener of this.#listeners) listener(record);
  }

  // Nobody is pushed out by one that comes later, unless it is offline.
  #hasRoom(identity: string, bytes: number): boolean {
    const isFull = () =>
      (this.#records.size >= mostRecords && !this.#records.has(identity)) ||
      this.#bytes + bytes - (this.#sizes.get(identity) ?? 0) > mostBytes;
    if (!isFull()) return true;
    for (const { online, identity: other } of this.#records.values()) {
      if (online || other === identity) continue;
      this.#forget(other);
      if (!isFull()) return true;
    }
    return false;
  }

  #keep(record: Presence, bytes: number): void {
    const { identity } = record;
    this.#bytes += bytes - (this.#sizes.get(identity) ?? 0);
    this.#sizes.set(identity, bytes);
    this.#records.set(identity, record);
  }

  #forget(identity: string): void {
    this.#bytes -= this.#sizes.get(identity) ?? 0;
    for (const map of [this.#sizes, this.#records, this.#left, this.#fresh, this.#removed])
      map.delete(identity);
  }

  // A record that the broker kept is no news, but where this client knew better it has missed them.
  #noteLeaving({ identity, online }: Presence, isRetained: boolean, now: number): void {
    if (online) this.#left.delete(identity);
    else if (!isRetained || this.isOnline(identity)) this.#left.set(identity, now);
  }

  // A node that left the collective for good takes its record away.
  #gone(payload: Uint8Array, topic: Topic | undefined): Presence | undefined {
    if (payload.length > 0 || topic?.kind !== 'presence') return undefined;
    const known = this.#records.get(topic.identity);
    return known && { ...known, online: false };
  }

  // Nobody can have been told before the broker knew of the subscription.
  #begin(): void {
    this.#begun = Date.now();
    this.#lastNew = Math.max(this.#lastNew, this.#begun);
    this.#lastHeard = this.#begun;
  }

  async #quiet(): Promise<void> {
    for (;;) {
      const now = Date.now();
      const left = Math.min(this.#lastHeard + settleQuiet, this.#begun + settleMost) - now;
      if (left <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }
}

/** The highest version of the protocol that a record claims; software of version 1 claims none. */
export function claimOf({ protocol }: Presence): ProtocolVersion {
  return typeof protocol === 'number' && protocol >= 2 ? 2 : 1;
}
