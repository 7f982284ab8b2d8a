import { BoundedMap } from '@troupe/core/internal';
import type { KeyPin } from '../rpc/key-pin.js';

/** A node in progress. */
export interface NodeInHand {
  readonly identity: string;
  readonly state: 'planning' | 'queued' | 'working' | 'waiting' | 'telling';
  readonly master?: string;
  /** What it waits for. */
  readonly reason?: string;
}

/** A node in progress, as the provisioner itself sees it. */
export interface Job {
  readonly identity: string;
  readonly collective: string;
  readonly pin: KeyPin;
  /** How often in a row it could not be worked on for reasons outside the node. */
  readonly tries: number;
  /** How often the node had gone offline without progress when this attempt began. */
  readonly goings?: number;
  state: NodeInHand['state'];
  master?: string;
}

/** Nodes in progress, and nodes about which something is remembered. */
const mostNodes = 20_000;

interface Wait {
  readonly reason: string;
  readonly timer: NodeJS.Timeout;
  readonly again: () => void;
  /** Releases the lease that is held meanwhile. */
  readonly release: (() => Promise<void>) | undefined;
  /** It waits for a master to reply. */
  readonly isForMaster: boolean;
}

/** The nodes in progress, each once, and what was last reported about the others. */
export class Roster {
  // bound: nodes in progress | nodes; with an enrolment token, under any name | {mostNodes} | 2 KiB each | further
  // nodes wait; the next search finds them
  readonly #jobs = new Map<string, Job>();
  // no peer fills this: it holds nodes in progress
  readonly #waits = new Map<string, Wait>();
  // bound: nodes that went offline in the middle of the work, and what was last reported about nodes | nodes; with
  // an enrolment token, under any name | {mostNodes} each | 1 KiB each | the one unused for the longest time is
  // removed; it begins again, or is reported again
  readonly #away = new BoundedMap<string, Job>({ most: mostNodes });
  // no peer fills this: it is declared with the one above
  readonly #reported = new BoundedMap<string, string>({ most: mostNodes });
  // no peer fills this: it holds what this program itself asks for
  readonly #idlers = new Set<() => void>();

  has(identity: string): boolean {
    return this.#jobs.has(identity);
  }

  /** Whether no further node can be taken: whoever has an enrolment token can make up names. */
  get isFull(): boolean {
    return this.#jobs.size >= mostNodes;
  }

  /** Adds a node, or takes it again after a wait. */
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

  /** Calls `again` after this many seconds, unless the node is taken or dropped before. */
  wait(
    job: Job,
    options: {
      reason: string;
      seconds: number;
      again: () => void;
      release?: () => Promise<void>;
      isForMaster?: boolean;
    },
  ): void {
    const { reason, seconds, again, release, isForMaster = false } = options;
    job.state = 'waiting';
    const timer = setTimeout(again, seconds * 1000);
    this.#waits.set(job.identity, { reason, timer, again, release, isForMaster });
  }

  /** Whether a node waits for a master to reply. */
  get waitsForMaster(): boolean {
    return [...this.#waits.values()].some(({ isForMaster }) => isForMaster);
  }

  /** A master replies that did not: nodes that wait for one are looked at now. */
  wakeForMaster(): void {
    for (const { isForMaster, again } of [...this.#waits.values()]) if (isForMaster) again();
  }

  /** Drops a node that went offline in the middle of the work, and remembers its progress. */
  expect(job: Job): void {
    this.drop(job);
    this.#away.set(job.identity, job);
  }

  /** The job of a node that went offline, or that waits without holding a lease: it may be taken now. */
  resumable(identity: string): Job | undefined {
    const wait = this.#waits.get(identity);
    return wait && !wait.release ? this.#jobs.get(identity) : this.#away.get(identity);
  }

  /** Drops all that wait, and releases their leases. */
  async close(): Promise<void> {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const [identity, { timer }] of waits) {
      clearTimeout(timer);
      this.drop({ identity });
    }
    await Promise.all(waits.map(([, { release }]) => release?.()));
  }

  /** Resolves when no node is in progress. */
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

  /** Whether this is new about the node: what repeats at every search is reported once. */
  isNews(identity: string, text: string): boolean {
    if (this.#reported.get(identity) === text) return false;
    this.#reported.set(identity, text);
    return true;
  }

  /** Whether nothing was reported about the node since it was forgotten. */
  isUnknown(identity: string): boolean {
    return !this.#reported.has(identity);
  }

  forget(identity: string): void {
    this.#reported.delete(identity);
  }
}
