import type { Logger, Request } from '@troupe/core';
import type { Answer } from './answer.js';
import { EndedJobs, keyOf } from './ended-jobs.js';
import { Job } from './job.js';
import { type RequestId, RequestIds } from './request-ids.js';
import { RequestJournal, type RequestTimes } from './request-journal.js';

const minute = 60_000;

export interface JobsOptions {
  /** Where the ids of requests are noted. */
  readonly file: string;
  /** Seconds that replies are kept after a request has ended. */
  readonly keepSeconds: number;
  /** Ended requests whose replies are kept at most. */
  readonly most?: number;
  /** Bytes of kept replies at most, those of running requests aside. */
  readonly mostBytes?: number;
  /** Ids of mutating requests that are remembered at most, and as many of those that only read. */
  readonly mostIds?: number;
  readonly log?: Logger;
}

/**
 * The requests that this node has begun, and the replies to them, as many as the limits say: of the caller that takes
 * most, those that ended first go first; those that run stay. The ids stay longer than the replies: for as long as a
 * request could be sent again. Those of requests that only read are in memory, until their ttl is over.
 */
export class Jobs {
  readonly #journal: RequestJournal;
  // bound: ids of read-only requests | callers | [limits.keep_ids], until the ttl has expired | 200 bytes each | a
  // caller with four fifths gets `busy`
  readonly #reads: RequestIds;
  // no peer fills this: the queue bounds requests that run or wait
  readonly #running = new Map<string, Job>();
  // no peer fills this: it declares its own bounds
  readonly #ended: EndedJobs;
  #nextSweep = 0;

  constructor(options: JobsOptions) {
    const { keepSeconds, most = 10_000, mostBytes = 32 * 1024 * 1024 } = options;
    this.#ended = new EndedJobs({ keepMs: keepSeconds * 1000, most, mostBytes });
    const { file, mostIds = 100_000, log } = options;
    this.#journal = new RequestJournal({ file, most: mostIds, ...(log && { log }) });
    this.#reads = new RequestIds(mostIds);
  }

  /** Why mutating requests cannot be noted on disk, and so do not run; nothing if they can. */
  get fault(): string | undefined {
    return this.#journal.fault;
  }

  find(request: RequestId): Job | undefined {
    return this.#running.get(keyOf(request)) ?? this.#ended.find(request);
  }

  /**
   * Whether a request was begun, so long ago that nothing else is kept of it, or before this daemon started: a request
   * that only read is not known then.
   */
  hasBegun(request: RequestId): boolean {
    return this.#journal.has(request) || this.#reads.has(request);
  }

  /** Why a request that is not known may have run before, as the record of it may be lost; nothing if it cannot have. */
  doubtOf(request: Request, now: number): string | undefined {
    return this.#journal.doubtOf(timesOf(request), now);
  }

  /** Whether one more id of this caller can be remembered: none of a request that could be sent again is forgotten. */
  hasRoom(caller: string, isMutating: boolean, now: number): boolean {
    if (isMutating) return this.#journal.hasRoom(caller, now);
    if (!this.#reads.hasRoom(caller)) this.#sweepReads(now);
    return this.#reads.hasRoom(caller);
  }

  /** What is kept of the requests of one caller, the newest first. */
  ofCaller(caller: string): readonly Job[] {
    return [...this.#ended.ofCaller(caller), ...this.#running.values()]
      .filter(({ request }) => request.caller === caller)
      .sort((a, b) => b.startedAt - a.startedAt);
  }

  running(): readonly Job[] {
    return [...this.#running.values()];
  }

  /** How many run or wait, how many have ended and are kept, and what those take. */
  counts(): { readonly running: number; readonly kept: number; readonly keptBytes: number } {
    return { running: this.#running.size, kept: this.#ended.count, keptBytes: this.#ended.bytes };
  }

  /**
   * Notes that the request begins, on disk if it changes anything, then returns its job. Throws what the file system
   * throws.
   */
  begin(
    request: Request,
    identity: string,
    now: number,
    {
      isMutating = true,
      ...parts
    }: { isMutating?: boolean; answer?: Answer; secretOutputs?: readonly string[] } = {},
  ): Job {
    this.#ended.sweep(now);
    if (isMutating) this.#journal.add(request, timesOf(request), now);
    else this.#noteRead(request, now);
    const job = new Job(request, identity, now, { ...parts, whenEnded: () => this.#end(job) });
    this.#running.set(keyOf(request), job);
    return job;
  }

  /** Resolves when all that was begun until now is safe from a power cut. */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  close(): void {
    this.#journal.close();
  }

  #noteRead(request: Request, now: number): void {
    const { caller, id } = request;
    const times = timesOf(request);
    this.#reads.add({ caller, id }, { ...times, ends: performance.now() + times.until - now });
    if (performance.now() >= this.#nextSweep) this.#sweepReads(now);
  }

  // By both clocks: that of the host may be set.
  #sweepReads(now: number): void {
    this.#nextSweep = performance.now() + minute;
    this.#reads.sweep(now, performance.now());
  }

  #end(job: Job): void {
    this.#running.delete(keyOf(job.request));
    this.#ended.add(job, job.endedAt ?? job.startedAt);
  }
}

function timesOf({ time, ttl }: Request): RequestTimes {
  return { time, until: time + ttl * 1000 };
}
