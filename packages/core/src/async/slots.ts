import { onAbort } from './on-abort.js';

/** How many slots there are. */
export interface SlotLimits {
  readonly concurrency: number;
  /** Of those that are taken under the same key. */
  readonly perKey?: number | undefined;
}

interface Waiting {
  readonly key: string | undefined;
  readonly grant: () => void;
}

/**
 * Limits how much is done at the same time, in all and for each key. Whoever has waited longest gets the next slot that
 * its key has room for, so that nobody waits for a key that is not theirs.
 */
export class Slots {
  readonly #limits: SlotLimits;
  // no peer fills this: whoever takes slots bounds those that wait
  readonly #waiting: Waiting[] = [];
  // no peer fills this: a key is removed with its last slot
  readonly #byKey = new Map<string, number>();
  #taken = 0;
  #most = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** The most that were ever taken at the same time. */
  get most(): number {
    return this.#most;
  }

  /**
   * Resolves when there is a slot, with what gives it back; the promise is rejected when the signal fires before. Without
   * a key, only the limit of all counts.
   */
  async take(key?: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal?.reason);
      };
      const entry = {
        key,
        grant: () => {
          ignore();
          resolve();
        },
      };
      const ignore = onAbort(signal, leave);
      this.#waiting.push(entry);
      this.#serve();
    });
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#count(key, -1);
      this.#serve();
    };
  }

  #serve(): void {
    const { concurrency, perKey = Number.POSITIVE_INFINITY } = this.#limits;
    while (this.#taken < concurrency) {
      const index = this.#waiting.findIndex(
        ({ key }) => key === undefined || (this.#byKey.get(key) ?? 0) < perKey,
      );
      const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (!next) return;
      this.#count(next.key, 1);
      next.grant();
    }
  }

  #count(key: string | undefined, change: number): void {
    this.#taken += change;
    this.#most = Math.max(this.#most, this.#taken);
    if (key === undefined) return;
    const taken = (this.#byKey.get(key) ?? 0) + change;
    if (taken > 0) this.#byKey.set(key, taken);
    else this.#byKey.delete(key);
  }
}
