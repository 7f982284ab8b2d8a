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
