import type { Logger, Request } from '@troupe/core';
import type { Answer } from './answer.js';
import { Job } from './job.js';
import { RequestJournal, type RequestTimes } from './request-journal.js';

export interface JobsOptions {
  /** Where the ids of requests are noted. */
  readonly file: string;
  /** Seconds that replies are kept after a request has ended. */
  readonly keepSeconds: number;
  /** Ended requests whose replies are kept at most. */
  readonly most?: number;
  /** Bytes of kept replies at most, those of running requests aside. */
  readonly mostBytes?: number;
  /** Ids that are remembered at most. */
  readonly mostIds?: number;
  readonly log?: Logger;
}

/**
 * The requests that this node has begun, and the replies to them, as many as the limits say: those that ended first
 * go first, those that run stay. The ids stay longer than the replies: for as long as a request could be sent again.
 */
export class Jobs {
  readonly #keepMs: number;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #journal: RequestJournal;
  readonly #running = new Map<string, Job>();
  // In the order of their ends.
  readonly #ended = new Map<string, Job>();
  #endedBytes = 0;

  constructor(options: JobsOptions) {
    this.#keepMs = options.keepSeconds * 1000;
    this.#most = options.most ?? 10_000;
    this.#mostBytes = options.mostBytes ?? 32 * 1024 * 1024;
    const { file, mostIds: most = 100_000, log } = options;
    this.#journal = new RequestJournal({ file, most, ...(log && { log }) });
  }

  find(id: string): Job | undefined {
    return this.#running.get(id) ?? this.#ended.get(id);
  }

  /** Whether a request was begun, be it before this daemon started or so long ago that nothing else is kept of it. */
  hasBegun(id: string): boolean {
    return this.#journal.has(id);
  }

  /** Why a request that is not known may have run before, as the record of it may be lost; nothing if it cannot have. */
  doubtOf(request: Request, now: number): string | undefined {
    return this.#journal.doubtOf(timesOf(request), now);
  }

  /** Whether one more id can be remembered: none of a request that could be sent again is forgotten. */
  hasRoom(now: number): boolean {
    return this.#journal.hasRoom(now);
  }

  /** What is kept of the requests of one caller, the newest first. */
  ofCaller(caller: string): readonly Job[] {
    return [...this.#ended.values(), ...this.#running.values()]
      .filter(({ request }) => request.caller === caller)
      .sort((a, b) => b.startedAt - a.startedAt);
  }

  running(): readonly Job[] {
    return [...this.#running.values()];
  }

  /** How many run or wait, how many have ended and are kept, and what those take. */
  counts(): { readonly running: number; readonly kept: number; readonly keptBytes: number } {
    return { running: this.#running.size, kept: this.#ended.size, keptBytes: this.#endedBytes };
  }

  /**
   * Notes on disk that the request begins, then returns its job. Throws what the file system throws; what only reads
   * begins all the same.
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
    this.#forget(now);
    const { id } = request;
    if (isMutating) this.#journal.add(id, timesOf(request), now);
    else this.#journal.addIfPossible(id, timesOf(request), now);
    const job = new Job(request, identity, now, { ...parts, whenEnded: () => this.#end(job) });
    this.#running.set(id, job);
    return job;
  }

  /** Resolves when all that was begun until now is safe from a power cut. */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  close(): void {
    this.#journal.close();
  }

  #end(job: Job): void {
    const { id } = job.request;
    this.#running.delete(id);
    this.#ended.set(id, job);
    this.#endedBytes += job.bytes;
    this.#forget(job.endedAt ?? job.startedAt);
  }

  #forget(now: number): void {
    for (const [id, { endedAt = now, bytes }] of this.#ended) {
      const isOver = now - endedAt > this.#keepMs;
      if (!isOver && this.#ended.size <= this.#most && this.#endedBytes <= this.#mostBytes) return;
      this.#ended.delete(id);
      this.#endedBytes -= bytes;
    }
  }
}

function timesOf({ time, ttl }: Request): RequestTimes {
  return { time, until: time + ttl * 1000 };
}
