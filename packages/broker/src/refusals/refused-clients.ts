import { BoundedMap, mostRefused, oneLine, type RefusedClient } from '@troupe/core/internal';

const mostClients = 1000;
/** Milliseconds after which a client that was not refused again is forgotten. */
const forgottenAfter = 3_600_000;

/** Who was refused, by address and name: counted, so that a client that tries every second is one entry. */
export class RefusedClients {
  // bound: clients that were refused | anybody who can reach the broker | {mostClients} | 1 KiB each | the address with
  // most of them loses the one that was refused the longest time ago
  readonly #clients = new BoundedMap<string, RefusedClient>({
    most: mostClients,
    ownerOf: ({ address }) => address,
    onEvict: (key) => this.#changed.delete(key),
  });
  /** Those that were refused since the last report. */
  // no peer fills this: it holds clients of the map above
  readonly #changed = new Set<string>();

  /** `now`: milliseconds since 1970. */
  note({ address, name, reason }: Pick<RefusedClient, 'address' | 'name' | 'reason'>, now: number): void {
    const short = name === undefined ? undefined : oneLine(name, 255);
    const key = `${address} ${short ?? ''}`;
    const known = this.#clients.peek(key);
    this.#changed.add(key);
    this.#clients.set(key, {
      address,
      ...(short === undefined ? {} : { name: short }),
      reason: oneLine(reason, 500),
      first: known?.first ?? now,
      last: now,
      count: (known?.count ?? 0) + 1,
    });
  }

  /** Some of those that were refused since they were last reported; the others are for the next report. */
  take(now: number): readonly RefusedClient[] {
    for (const key of this.#clients.keys()) {
      const { last = 0 } = this.#clients.peek(key) ?? {};
      if (now - last > forgottenAfter) this.#forget(key);
    }
    return [...this.#changed].slice(0, mostRefused).flatMap((key) => {
      this.#changed.delete(key);
      return this.#clients.peek(key) ?? [];
    });
  }

  /** Whether there is something to report. */
  get hasNews(): boolean {
    return this.#changed.size > 0;
  }

  #forget(key: string): void {
    this.#clients.delete(key);
    this.#changed.delete(key);
  }
}
