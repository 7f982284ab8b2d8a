/** What is taken of something that peers compete for. */
export interface Taken {
  /** By the peer that asks for one more, and by all peers; in places, or in bytes. */
  readonly own: number;
  readonly all: number;
  /** The limit for all peers together. */
  readonly most: number;
  /** The size of one more; at most. */
  readonly size?: number;
}

/**
 * Whether a peer may take one more of what peers compete for: at most four times as much as remains free, and never the
 * last free place if it has one already. One peer alone gets four fifths; the more compete, the less each gets, and
 * something always remains for a peer that comes later.
 */
export function hasShare({ own, all, most, size = 1 }: Taken): boolean {
  if (own === 0) return all + size <= most;
  return all + 2 * size <= most && own + size <= 4 * (most - all);
}

/** Places, or bytes, that peers take and give back. */
export class Shares {
  readonly #most: number;
  // no peer fills this: a peer is removed with the last of what it has taken; each user declares how much there is
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** What is taken, by all peers. */
  get taken(): number {
    return this.#all;
  }

  /** Takes some for a peer, until the result is called; nothing if that is more than its share. */
  take(peer: string, size = 1): (() => void) | undefined {
    if (!hasShare({ own: this.#taken.get(peer) ?? 0, all: this.#all, most: this.#most, size }))
      return undefined;
    this.#add(peer, size);
    let isTaken = true;
    return () => {
      if (isTaken) this.#add(peer, -size);
      isTaken = false;
    };
  }

  #add(peer: string, size: number): void {
    this.#all += size;
    const own = (this.#taken.get(peer) ?? 0) + size;
    if (own > 0) this.#taken.set(peer, own);
    else this.#taken.delete(peer);
  }
}
