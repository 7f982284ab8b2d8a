import type { PresenceView } from '@troupe/client';
import { onAbort } from '@troupe/core/async';

export interface WatchOptions {
  /** Seconds that the node may be away until it is given up. */
  readonly grace: number;
  readonly signal?: AbortSignal | undefined;
  /** Called when the node has been away for longer than a restart takes. */
  readonly onAway?: (() => void) | undefined;
}

/** Seconds in which a daemon that merely restarts is back. */
const restartSeconds = 5;

/** Watches whether a node stays while something is asked of it. */
export class Watch {
  readonly #presence: PresenceView;
  readonly #identity: string;
  readonly #options: WatchOptions;
  readonly #unsubscribe: () => void;
  readonly #listeners = new Set<() => void>();
  #awaySince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(presence: PresenceView, identity: string, options: WatchOptions) {
    this.#presence = presence;
    this.#identity = identity;
    this.#options = options;
    this.#unsubscribe = presence.onChange((record) => {
      if (record.identity !== identity) return;
      if (record.online) this.#return();
      else this.#leave();
      this.#tell();
    });
  }

  /** The answer, or nothing where the node was away for too long or came back as another process before it. */
  async during<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#options;
    const stop = new AbortController();
    const since = this.#since();
    const check = () => {
      const now = this.#since();
      if (this.#isLost() || (since !== undefined && now !== undefined && now !== since)) stop.abort();
    };
    this.#listeners.add(check);
    try {
      const answer = await ask(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
      return stop.signal.aborted ? undefined : answer;
    } finally {
      this.#listeners.delete(check);
    }
  }

  /** Waits until the node is there; false where it stays away too long, or the signal fires. */
  async back(): Promise<boolean> {
    while (this.#presence.isOnline(this.#identity) === false) {
      if (this.#awaySince === undefined) this.#leave();
      if (this.#isLost() || this.#options.signal?.aborted) return false;
      await this.change();
    }
    return true;
  }

  /** Resolves when the node comes or goes, at the signal, or after so many milliseconds. */
  async change(milliseconds?: number): Promise<void> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => go(), milliseconds);
      const go = () => {
        clearTimeout(timer);
        this.#listeners.delete(go);
        ignore();
        resolve();
      };
      this.#listeners.add(go);
      const ignore = onAbort(signal, go);
      if (signal?.aborted) go();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  // When the process that is online now was started.
  #since(): number | undefined {
    const record = this.#presence.get(this.#identity);
    return record?.online ? record.since : undefined;
  }

  #isLost(): boolean {
    return this.#awaySince !== undefined && Date.now() - this.#awaySince >= this.#options.grace * 1000;
  }

  #leave(): void {
    if (this.#awaySince !== undefined) return;
    this.#awaySince = Date.now();
    const grace = this.#options.grace * 1000;
    const short = Math.min(restartSeconds * 1000, grace);
    this.#timer = setTimeout(() => {
      this.#options.onAway?.();
      this.#timer = setTimeout(() => this.#tell(), grace - short + 1);
    }, short);
  }

  #return(): void {
    clearTimeout(this.#timer);
    this.#awaySince = undefined;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
