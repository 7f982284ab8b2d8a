import type { KeyPin } from '../rpc/key-pin.js';

/** A node that a provisioner has in hand. */
export interface NodeInHand {
  readonly identity: string;
  readonly state: 'planning' | 'queued' | 'working' | 'waiting' | 'telling';
  readonly master?: string;
  /** What it waits for. */
  readonly reason?: string;
}

/** A node in hand, as the provisioner itself sees it. */
export interface Job {
  readonly identity: string;
  readonly collective: string;
  readonly pin: KeyPin;
  /** How often in a row it could not be worked on through no fault of its own. */
  readonly tries: number;
  state: NodeInHand['state'];
  master?: string;
}

interface Wait {
  readonly reason: string;
  readonly timer: NodeJS.Timeout;
  /** Gives back the lease that is held meanwhile. */
  readonly release: (() => Promise<void>) | undefined;
}

/** The nodes in hand, each once, and what was said of the others. */
export class Roster {
  readonly #jobs = new Map<string, Job>();
  readonly #waits = new Map<string, Wait>();
  readonly #away = new Map<string, Job>();
  readonly #told = new Map<string, string>();
  readonly #idlers = new Set<() => void>();

  has(identity: string): boolean {
    return this.#jobs.has(identity);
  }

  /** Takes a node in hand, or again when it has waited. */
  take(job: Job): void {
    clearTimeout(this.#waits.get(job.identity)?.timer);
    this.#waits.delete(job.identity);
    this.#away.delete(job.identity);
    this.#jobs.set(job.identity, job);
  }

  drop({ identity }: Pick<Job, 'identity'>): void {
    this.#jobs.delete(identity);
    if (this.#jobs.size > 0) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers.clear();
  }

  /** Calls `again` in so many seconds, unless the node is taken or dropped before. */
  wait(
    job: Job,
    options: { reason: string; seconds: number; again: () => void; release?: () => Promise<void> },
  ): void {
    const { reason, seconds, again, release } = options;
    job.state = 'waiting';
    this.#waits.set(job.identity, { reason, timer: setTimeout(again, seconds * 1000), release });
  }

  /** Lets go of a node that went away in the middle of the work, and keeps in mind how far it was. */
  expect(job: Job): void {
    this.drop(job);
    this.#away.set(job.identity, job);
  }

  /** The job of a node that went away, or that waits for nothing of its own: it may be taken now. */
  resumable(identity: string): Job | undefined {
    const wait = this.#waits.get(identity);
    return wait && !wait.release ? this.#jobs.get(identity) : this.#away.get(identity);
  }

  /** Drops all that wait, and gives their leases back. */
  async close(): Promise<void> {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const [identity, { timer }] of waits) {
      clearTimeout(timer);
      this.drop({ identity });
    }
    await Promise.all(waits.map(([, { release }]) => release?.()));
  }

  /** Resolves when no node is in hand. */
  async empty(): Promise<void> {
    if (this.#jobs.size > 0) await new Promise<void>((resolve) => this.#idlers.add(resolve));
  }

  list(): readonly NodeInHand[] {
    return [...this.#jobs.values()].map(({ identity, state, master }) => {
      const reason = this.#waits.get(identity)?.reason;
      return {
        identity,
        state,
        ...(master === undefined ? {} : { master }),
        ...(reason === undefined ? {} : { reason }),
      };
    });
  }

  /** Whether this is new of the node: what is repeated at every look is said once. */
  isNews(identity: string, text: string): boolean {
    if (this.#told.get(identity) === text) return false;
    this.#told.set(identity, text);
    return true;
  }

  /** Whether nothing was said of the node since it was forgotten. */
  isStranger(identity: string): boolean {
    return !this.#told.has(identity);
  }

  forget(identity: string): void {
    this.#told.delete(identity);
  }
}
