import { randomBytes } from 'node:crypto';
import { type Logger, parsePresence } from '@troupe/core';

/** Distinguishes this process from others with the same identity; a reload does not change it. */
export const instanceOfProcess = randomBytes(8).toString('hex');

/** Milliseconds between two log lines about the same twin. */
const reportEvery = 60 * 60_000;

/** Milliseconds after which a twin that was not seen again counts as gone. */
const forgetAfter = 60 * 60_000;

/** Another machine that uses the identity of this node. */
export interface Twin {
  /** Its address, as it sees it; absent if it does not state it. */
  readonly address?: string;
  /** When its daemon started, milliseconds since 1970. */
  readonly since: number;
  /** When it was last seen, milliseconds since 1970. */
  readonly seen: number;
}

export interface TwinWatchParts {
  readonly identity: string;
  /** When this daemon started, milliseconds since 1970. */
  readonly since: number;
  readonly ownAddress: () => string | undefined;
  readonly log: Logger;
  /**
   * Called when a twin was recognized. `mustYield`: it was here first, so this daemon must leave the name to it. `isNews`:
   * it was not known, so the record of this node must name it.
   */
  readonly onTwin: (twin: Twin, how: { readonly mustYield: boolean; readonly isNews: boolean }) => void;
  /** Called when the broker has sent the last will of the daemon before this one after this one's record. */
  readonly onStrayWill: () => void;
  readonly instance?: string;
  readonly now?: () => number;
}

/**
 * Recognizes another machine with this node's identity, such as a clone of its virtual machine, by the retained presence
 * record: if a record of another process stands there after this one has written its own, both are running.
 */
export class TwinWatch {
  readonly instance: string;
  readonly #parts: TwinWatchParts;
  #hasWritten = false;
  /** Whether this process has written its record before the present connection. */
  #isBack = false;
  /** What stood there when this process first connected: mostly the daemon before it. */
  #predecessor: { readonly instance: string; readonly twin: Omit<Twin, 'seen'> } | undefined;
  #twin: Twin | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: TwinWatchParts) {
    this.#parts = parts;
    this.instance = parts.instance ?? instanceOfProcess;
  }

  /** The other machine, if it was seen within the last hour. */
  get twin(): Twin | undefined {
    return this.#twin && this.#now() - this.#twin.seen < forgetAfter ? this.#twin : undefined;
  }

  /** Notes that the node is connected, and writes its record. */
  connected(): void {
    this.#hasWritten = true;
  }

  /** Notes that the connection is lost. */
  disconnected(): void {
    this.#isBack = this.#hasWritten;
  }

  /** Takes a message on the presence topic of this node. */
  take(payload: Uint8Array, isRetained: boolean): void {
    const record = parsePresence(payload);
    const instance = record?.['x-instance'];
    if (!record || record.identity !== this.#parts.identity || typeof instance !== 'string') return;
    if (instance === this.instance) return;
    const address = record['x-address'];
    const since = typeof record.since === 'number' ? record.since : 0;
    const other = { ...(typeof address === 'string' && { address }), since };
    if (!this.#isBack && (isRetained || !record.online)) {
      this.#predecessor ??= { instance, twin: other };
      // Its last will, late: other nodes and clients must not believe it.
      if (!isRetained) this.#parts.onStrayWill();
      return;
    }
    if (!isRetained && !record.online && instance === this.#predecessor?.instance) {
      this.#parts.onStrayWill();
      return;
    }
    const wasFirst = since < this.#parts.since || (since === this.#parts.since && instance < this.instance);
    // A machine whose connection this one has ended stands there as offline.
    this.#found(other, wasFirst && (isRetained || record.online));
  }

  /** Notes that the broker refused this node because another one with its name is connected. */
  refused(): void {
    if (this.#predecessor) this.#found(this.#predecessor.twin, false);
  }

  #found(other: Omit<Twin, 'seen'>, mustYield: boolean): void {
    const twin = { ...other, seen: this.#now() };
    const { address, since } = this.twin ?? {};
    // Each of two machines that are connected at the same time hears what the other one publishes because of it.
    const isNews = this.twin === undefined || address !== other.address || since !== other.since;
    this.#twin = twin;
    this.#report(twin);
    this.#parts.onTwin(twin, { mustYield, isNews });
  }

  #report({ address = 'unknown', since }: Twin): void {
    if (this.#now() - this.#reportedAt < reportEvery) return;
    this.#reportedAt = this.#now();
    const own = this.#parts.ownAddress() ?? 'unknown';
    this.#parts.log.error(
      { identity: this.#parts.identity, addresses: [own, address], since: new Date(since).toISOString() },
      `another machine uses the identity of this node: this one has the address ${own}, the other ${address}; give each machine its own identity and certificate`,
    );
  }

  #now(): number {
    return this.#parts.now?.() ?? Date.now();
  }
}
