/** How many runs there may be at a time. */
export interface Limits {
  readonly concurrency: number;
  /** Of those that ask the same Puppet server. */
  readonly perServer?: number;
}

interface Waiting {
  readonly server: string;
  readonly grant: () => void;
}

/** Places for runs; whoever has waited longest gets the next one that its server has room for. */
export class Slots {
  readonly #limits: Limits;
  readonly #waiting: Waiting[] = [];
  readonly #byServer = new Map<string, number>();
  #taken = 0;
  #most = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The most that were ever taken at the same time. */
  get most(): number {
    return this.#most;
  }

  /** Resolves when there is a place, with what gives it back; the promise is rejected when the signal fires before. */
  async take(server: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal?.reason);
      };
      const entry = {
        server,
        grant: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waiting.push(entry);
      signal?.addEventListener('abort', leave, { once: true });
      this.#serve();
    });
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#taken -= 1;
      this.#byServer.set(server, (this.#byServer.get(server) ?? 1) - 1);
      this.#serve();
    };
  }

  #serve(): void {
    const { concurrency, perServer = Number.POSITIVE_INFINITY } = this.#limits;
    while (this.#taken < concurrency) {
      const index = this.#waiting.findIndex(
        ({ server }) => server === '' || (this.#byServer.get(server) ?? 0) < perServer,
      );
      const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (!next) return;
      this.#taken += 1;
      this.#most = Math.max(this.#most, this.#taken);
      this.#byServer.set(next.server, (this.#byServer.get(next.server) ?? 0) + 1);
      next.grant();
    }
  }
}
