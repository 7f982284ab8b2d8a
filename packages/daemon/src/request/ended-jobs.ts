import { BoundedMap } from '@troupe/core/internal';
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

/**
 * The requests that have ended, with their replies, in the order of their ends. If there are too many, the caller that
 * takes most loses its oldest.
 */
export class EndedJobs {
  readonly #keepMs: number;
  // bound: replies that are kept | callers, by their requests | [limits.keep_requests], for [limits.keep_replies] s
  // | [bytes limits.keep_bytes] | the caller that takes most loses its oldest
  readonly #jobs: BoundedMap<string, Job>;

  constructor({ keepMs, most, mostBytes }: EndedJobsLimits) {
    this.#keepMs = keepMs;
    this.#jobs = new BoundedMap({
      most,
      mostBytes,
      bytesOf: ({ bytes }) => bytes,
      ownerOf: ({ request }) => request.caller,
    });
  }

  get count(): number {
    return this.#jobs.size;
  }

  get bytes(): number {
    return this.#jobs.bytes;
  }

  find(request: RequestId): Job | undefined {
    return this.#jobs.peek(keyOf(request));
  }

  ofCaller(caller: string): Iterable<Job> {
    return this.#jobs.ofOwner(caller);
  }

  add(job: Job, now: number): void {
    this.#jobs.set(keyOf(job.request), job);
    this.sweep(now);
  }

  /** Removes what is kept long enough. */
  sweep(now: number): void {
    for (const job of this.#jobs.values()) {
      if (now - (job.endedAt ?? now) <= this.#keepMs) return;
      this.#jobs.delete(keyOf(job.request));
    }
  }
}

/** One text for a request: neither a caller's name nor an id contains a blank. */
export function keyOf({ caller, id }: RequestId): string {
  return `${caller} ${id}`;
}
