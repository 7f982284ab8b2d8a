/** A lease as a node's record has it. */
export interface Lease {
  readonly owner: string;
  /** Another one for each time that it is taken. */
  readonly token: number;
  /** ISO 8601. */
  readonly expires: string;
}

/**
 * Follows the leases that are in force when nothing is broken any more. A provisioner may rightly hold one for some
 * seconds while it looks at a node that has come to its end; whoever holds one gives it back. Those that were taken later
 * are not waited for: with many nodes, one of them is always being looked at.
 */
export class LeaseWatch {
  readonly #open = new Map<string, Lease>();
  readonly #left: string[] = [];

  /** What stands in the records at first. */
  constructor(leases: ReadonlyMap<string, Lease | null>, now: number) {
    for (const [identity, lease] of leases)
      if (lease && isInForce(lease, now)) this.#open.set(identity, lease);
  }

  /** The nodes whose lease has not come to its end. */
  get open(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Takes in what stands in the record of such a node now. */
  look(identity: string, lease: Lease | null, now: number): void {
    const held = this.#open.get(identity);
    if (!held) return;
    if (lease?.token !== held.token) {
      // Given back, and perhaps taken again since.
      this.#open.delete(identity);
    } else if (isInForce(lease, now)) {
      this.#open.set(identity, lease);
    } else {
      this.#open.delete(identity);
      this.#left.push(
        `${identity}: ${lease.owner} did not release its lease, which expired at ${lease.expires}`,
      );
    }
  }

  /** Leases that nobody gave back; those that are still open are held for ever. */
  left(): readonly string[] {
    const held = [...this.#open].map(
      ([identity, { owner, expires }]) =>
        `${identity}: ${owner} still holds the lease, currently until ${expires}`,
    );
    return [...this.#left, ...held];
  }
}

function isInForce({ expires }: Lease, now: number): boolean {
  return Date.parse(expires) > now;
}
