import { BoundedMap } from '@troupe/core/internal';

/** A reply that was not accepted, and on whose topic it arrived: nothing proves that it is of that node. */
export interface RejectedReply {
  readonly collective: string;
  readonly node: string;
  readonly reason: string;
  /** Such as `TOKEN_INVALID`. */
  readonly code: string | undefined;
}

/** Why, how often, and whether it is to be logged now. */
export interface Rejection {
  readonly count: number;
  readonly isNews: boolean;
}

const mostNodes = 1000;
/** Milliseconds after which the same is logged again, with the number. */
const logEvery = 600_000;

interface Known {
  readonly reason: string;
  readonly count: number;
  readonly loggedAt: number;
}

/** Counts rejected replies, so that a node whose every reply is rejected is not a line of the log for each. */
export class RejectedReplies {
  // bound: nodes whose replies were rejected | anybody at the broker who may publish replies | {mostNodes} | 1 KiB each |
  // the one that was silent for the longest time is removed, and logged again
  readonly #nodes = new BoundedMap<string, Known>({ most: mostNodes });
  // no peer fills this: it holds what this program itself asks for
  readonly #listeners = new Set<(rejected: RejectedReply) => void>();

  /** Calls the listener for each rejected reply, until the result is called. */
  on(listener: (rejected: RejectedReply) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** `now`: milliseconds since 1970. */
  note(rejected: RejectedReply, now: number): Rejection {
    const key = `${rejected.collective} ${rejected.node}`;
    const known = this.#nodes.get(key);
    const isSame = known?.reason === rejected.reason;
    const count = isSame ? known.count + 1 : 1;
    const isNews = !isSame || Math.abs(now - known.loggedAt) >= logEvery;
    const { reason } = rejected;
    this.#nodes.set(key, { reason, count, loggedAt: isNews ? now : known.loggedAt });
    for (const listener of this.#listeners) listener(rejected);
    return { count, isNews };
  }
}
