import { Slots } from '@troupe/core/async';

/**
 * Limits how many nodes are worked on at the same time: for each master and in all, first come first served. A node
 * that waits for a slot on its master keeps no worker from the nodes of others.
 */
export class MasterSlots {
  readonly #slots: Slots;
  // no peer fills this: it holds masters, which the policies of the main collective admit
  readonly #loads = new Map<string, number>();

  constructor(options: { perMaster: number; workers: number }) {
    this.#slots = new Slots({ concurrency: options.workers, perKey: options.perMaster });
  }

  /** Nodes that have or wait for a slot on a master. */
  loadOf(master: string): number {
    return this.#loads.get(master) ?? 0;
  }

  /** Runs a task when there is a slot on the master and a worker. */
  async run<T>(master: string, task: () => Promise<T>): Promise<T> {
    this.#count(master, 1);
    const free = await this.#slots.take(master);
    try {
      return await task();
    } finally {
      free();
      this.#count(master, -1);
    }
  }

  #count(master: string, change: number): void {
    const load = this.loadOf(master) + change;
    if (load > 0) this.#loads.set(master, load);
    else this.#loads.delete(master);
  }
}
