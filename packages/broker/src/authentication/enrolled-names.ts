/**
 * The names that enrolling machines use at this moment. A token proves no name, so the first who takes one keeps
 * it while it is connected: a second machine can neither push it off nor listen beside it.
 */
export class EnrolledNames {
  // no peer fills this: it holds connections, which their limits bound
  readonly #holders = new Map<string, { address: string; connections: number }>();

  /** Gives back the name when called; nothing where a machine at another address has it. */
  take(name: string, address: string): (() => void) | undefined {
    const holder = this.#holders.get(name) ?? { address, connections: 0 };
    if (holder.address !== address) return undefined;
    holder.connections += 1;
    this.#holders.set(name, holder);
    return () => {
      holder.connections -= 1;
      if (holder.connections === 0) this.#holders.delete(name);
    };
  }
}
