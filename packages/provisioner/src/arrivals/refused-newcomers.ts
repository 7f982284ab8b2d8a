import { isIdentity, type RefusedClient } from '@troupe/core';
import { BoundedMap } from '@troupe/core/internal';

/** A client that a broker refused, as this provisioner knows it. Nothing of it is proved. */
export interface RefusedNewcomer extends RefusedClient {
  /** When it was reported first and last, milliseconds since 1970 by the clock of this machine. */
  readonly since: number;
  readonly noted: number;
  /** Whether people were told of it. */
  readonly isTold: boolean;
}

const mostClients = 1000;
/** Milliseconds after which one that was not refused again is forgotten. */
const forgottenAfter = 3_600_000;
/** How often, and for how many milliseconds, one without a name must be refused to count as a machine: a port scan is not. */
const leastRefusals = 3;
const leastTime = 60_000;

/** Machines that try to connect and that the broker refuses, by its reports. */
export class RefusedNewcomers {
  // bound: clients that the broker refused | anybody who can reach the broker | {mostClients} | 1 KiB each | the address
  // with most of them loses the one that was reported the longest time ago
  readonly #clients = new BoundedMap<string, RefusedNewcomer>({
    most: mostClients,
    ownerOf: ({ address }) => address,
  });

  note(refused: readonly RefusedClient[], now: number): void {
    for (const client of refused) {
      const key = keyOf(client);
      const known = this.#clients.peek(key);
      this.#clients.set(key, {
        ...client,
        since: known?.since ?? now,
        noted: now,
        isTold: known?.isTold ?? false,
      });
    }
  }

  /** A machine with this name is connected now: what was refused under its name before is settled. */
  settle(name: string): void {
    for (const client of this.#clients.values())
      if (client.name === name) this.#clients.delete(keyOf(client));
  }

  told(client: RefusedNewcomer): void {
    this.#clients.set(keyOf(client), { ...client, isTold: true });
  }

  /** Those that count as machines. */
  list(now: number): readonly RefusedNewcomer[] {
    const all = [...this.#clients.values()];
    for (const client of all) if (now - client.noted > forgottenAfter) this.#clients.delete(keyOf(client));
    return all.filter((client) => now - client.noted <= forgottenAfter && isMachine(client));
  }
}

/** How a machine that was refused is called: by the name that it gave, or by its address. */
export function nameOf({ name, address }: Pick<RefusedClient, 'name' | 'address'>): string {
  return name !== undefined && isIdentity(name) ? name : address;
}

function isMachine({ name, count, since, noted }: RefusedNewcomer): boolean {
  return name !== undefined || (count >= leastRefusals && noted - since >= leastTime);
}

function keyOf({ name, address }: Pick<RefusedClient, 'name' | 'address'>): string {
  return `${address} ${name ?? ''}`;
}
