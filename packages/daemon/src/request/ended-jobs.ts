import type { Job } from './job.js';
import type { RequestId } from './request-ids.js';

export interface EndedJobsLimits {
  /** Milliseconds that replies are kept after a request has ended. */
  readonly keepMs: number;
  /** Requests whose replies are kept. */
  readonly most: number;
  /** Bytes of replies that are kept. */
  readonly mostBytes: number;
}

/** In the order of their ends. */
interface OfCaller {
  readonly jobs: Set<Job>;
  bytes: number;
}

/**
 * The requests that have ended, with their replies. If there are too many, the caller that takes most loses its oldest:
 * nobody can push out what is kept for a caller that takes less.
 */
export class EndedJobs {
  readonly #limits: EndedJobsLimits;
  // In the order of their ends.
  readonly #jobs = new Map<string, Job>();
  readonly #byCaller = new Map<string, OfCaller>();
  #bytes = 0;

  constructor(limits: EndedJobsLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#jobs.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(request: RequestId): Job | undefined {
    return this.#jobs.get(keyOf(request));
  }

  ofCaller(caller: string): Iterable<Job> {
    return this.#byCaller.get(caller)?.jobs ?? [];
  }

  add(job: Job, now: number): void {
    const { caller } = job.request;
    const own = this.#byCaller.get(caller) ?? { jobs: new Set<Job>(), bytes: 0 };
    this.#byCaller.set(caller, own);
    this.#jobs.set(keyOf(job.request), job);
    own.jobs.add(job);
    own.bytes += job.bytes;
    this.#bytes += job.bytes;
    this.sweep(now);
  }

  /** Removes what is kept long enough, and what is too much. */
  sweep(now: number): void {
    for (const job of this.#jobs.values()) {
      if (now - (job.endedAt ?? now) <= this.#limits.keepMs) break;
      this.#remove(job);
    }
    while (this.#jobs.size > this.#limits.most) this.#removeOldest(({ jobs }) => jobs.size);
    while (this.#bytes > this.#limits.mostBytes) this.#removeOldest(({ bytes }) => bytes);
  }

  #removeOldest(sizeOf: (own: OfCaller) => number): void {
    let [largest] = this.#byCaller.values();
    for (const own of this.#byCaller.values()) if (largest && sizeOf(own) > sizeOf(largest)) largest = own;
    const [oldest] = largest?.jobs ?? [];
    if (oldest) this.#remove(oldest);
  }

  #remove(job: Job): void {
    const { caller } = job.request;
    const own = this.#byCaller.get(caller);
    if (!own?.jobs.delete(job)) return;
    this.#jobs.delete(keyOf(job.request));
    own.bytes -= job.bytes;
    this.#bytes -= job.bytes;
    if (own.jobs.size === 0) this.#byCaller.delete(caller);
  }
}

/** One text for a request: neither a caller's name nor an id contains a blank. */
export function keyOf({ caller, id }: RequestId): string {
  return `${caller} ${id}`;
}
