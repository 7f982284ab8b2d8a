import { hasShare } from '@troupe/core/internal';

/** A request: its id belongs to its caller, so that nobody can claim the id of another caller's request. */
export interface RequestId {
  readonly caller: string;
  readonly id: string;
}

/** What is known of a request that began. All times in milliseconds. */
export interface IdTimes {
  /** When its author wrote the request. */
  readonly time: number;
  /** Until when the request could begin. */
  readonly until: number;
  /** The same by the time for which the node has served: a clock that nobody can set. */
  readonly ends: number;
}

/** The caller of ids that were noted without one, as the previous format did: such an id counts for every caller. */
export const anyCaller = '';

const minute = 60_000;

/** The ids whose requests can no longer begin after one minute of the node's life. */
interface Bucket {
  readonly ids: RequestId[];
  /** The latest of their ends by the clock of the host. */
  until: number;
}

/** Request ids in memory, by caller; no caller can take the room that others need. */
export class RequestIds {
  readonly #most: number;
  // no peer fills this: this is the bound; each user declares what is in it
  readonly #byCaller = new Map<string, Map<string, IdTimes>>();
  // By the minute in which they end, so that nobody walks through all of them.
  // no peer fills this: it holds the ids once more
  readonly #byMinute = new Map<number, Bucket>();
  #size = 0;

  /** `most` is the number of ids that fit. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  has({ caller, id }: RequestId): boolean {
    return this.#byCaller.get(caller)?.has(id) === true || this.#byCaller.get(anyCaller)?.has(id) === true;
  }

  /** Whether one more id of this caller may be added. */
  hasRoom(caller: string): boolean {
    const own = this.#byCaller.get(caller)?.size ?? 0;
    return hasShare({ own, all: this.#size, most: this.#most });
  }

  add({ caller, id }: RequestId, times: IdTimes): void {
    const ids = this.#byCaller.get(caller) ?? new Map<string, IdTimes>();
    this.#byCaller.set(caller, ids);
    if (!ids.has(id)) this.#size += 1;
    ids.set(id, times);
    const end = Math.ceil(times.ends / minute);
    const bucket = this.#byMinute.get(end);
    if (!bucket) this.#byMinute.set(end, { ids: [{ caller, id }], until: times.until });
    else {
      bucket.ids.push({ caller, id });
      bucket.until = Math.max(bucket.until, times.until);
    }
  }

  /**
   * Removes the ids whose time is over by the clock of the host, with `spare` milliseconds on top, and, unless it is
   * urgent, by the node's life as well: the clock of the host may be set forward and back. Returns until when the last of
   * them could begin.
   */
  sweep(now: number, lived: number, { spare = 0, isUrgent = false } = {}): number {
    let removed = 0;
    for (const [end, { ids, until }] of this.#byMinute) {
      if (until + spare >= now || (!isUrgent && end * minute > lived)) continue;
      for (const id of ids) this.#remove(id);
      this.#byMinute.delete(end);
      removed = Math.max(removed, until);
    }
    return removed;
  }

  *[Symbol.iterator](): Iterator<RequestId & IdTimes> {
    for (const [caller, ids] of this.#byCaller) for (const [id, times] of ids) yield { caller, id, ...times };
  }

  #remove({ caller, id }: RequestId): void {
    const ids = this.#byCaller.get(caller);
    if (ids?.delete(id)) this.#size -= 1;
    if (ids?.size === 0) this.#byCaller.delete(caller);
  }
}
