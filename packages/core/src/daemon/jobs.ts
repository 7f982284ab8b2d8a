import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { replaceFileSync } from '../durable-file.js';
import type { Accepted, Outcome, Progress, Reply, Request, Result } from '../message/message.js';

type Numbered<T> = Omit<T, 'session'>;
/** A reply before it is addressed to one of the caller's clients. */
export type KeptReply = Numbered<Accepted> | Numbered<Progress> | Numbered<Result>;

type Body<T> = Omit<
  T,
  'v' | 'type' | 'id' | 'time' | 'seq' | 'sender' | 'caller' | 'session' | 'collective' | 'agent' | 'action'
>;
/** The part of a reply that is not derived from its request. */
export type ReplyBody = Body<Accepted> | Body<Progress> | Body<Result>;

const maxProgressBytes = 256 * 1024;

/** One request on this node: its replies so far, and who listens to them. */
export class Job {
  readonly request: Request;
  readonly sessions = new Set<string>();
  readonly abort = new AbortController();
  readonly startedAt: number;
  readonly #identity: string;
  readonly #replies: KeptReply[] = [];
  #progressBytes = 0;
  #seq = 0;
  #endedAt: number | undefined;
  #outcome: Outcome | undefined;

  constructor(request: Request, identity: string, now: number) {
    this.request = request;
    this.#identity = identity;
    this.startedAt = now;
    this.sessions.add(request.session);
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** How it ended; nothing while it runs. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Keeps a reply and numbers it. Old progress is forgotten beyond 256 KiB; the client sees the gap in the numbers. */
  add(body: ReplyBody, now: number): KeptReply {
    this.#seq += 1;
    const { id, caller, collective, agent, action } = this.request;
    const reply = {
      v: 1,
      type: 'reply',
      id,
      time: now,
      seq: this.#seq,
      sender: this.#identity,
      caller,
      collective,
      agent,
      action,
      ...body,
    } as KeptReply;
    this.#replies.push(reply);
    if (reply.kind === 'result') {
      this.#endedAt = now;
      this.#outcome = reply.outcome;
    }
    if (reply.kind === 'progress') this.#boundProgress(reply);
    return reply;
  }

  /** The replies after number `seq`. */
  after(seq: number): readonly KeptReply[] {
    return this.#replies.filter((reply) => reply.seq > seq);
  }

  #boundProgress(latest: KeptReply): void {
    this.#progressBytes += sizeOf(latest);
    while (this.#progressBytes > maxProgressBytes) {
      const index = this.#replies.findIndex((reply) => reply.kind === 'progress' && reply !== latest);
      const [oldest] = index < 0 ? [] : this.#replies.splice(index, 1);
      if (!oldest) return;
      this.#progressBytes -= sizeOf(oldest);
    }
  }
}

function sizeOf(reply: KeptReply): number {
  return reply.kind === 'progress' ? JSON.stringify(reply.data ?? null).length : 0;
}

/** Addresses a kept reply to one client. */
export function addressTo(reply: KeptReply, session: string): Reply {
  return { ...reply, session } as Reply;
}

interface Seen {
  readonly caller: string;
  /** Milliseconds since 1970: when the request could not begin any more. */
  readonly until: number;
}

/**
 * The requests that this node has begun. Ids are on disk before an action runs, so that a restart does not make
 * a request run twice; replies are kept in memory.
 */
export class Jobs {
  readonly #file: string;
  readonly #keepMs: number;
  readonly #jobs = new Map<string, Job>();
  readonly #seen = new Map<string, Seen>();
  #lines = 0;

  constructor(options: { file: string; keepSeconds: number }) {
    this.#file = options.file;
    this.#keepMs = options.keepSeconds * 1000;
    this.#load();
  }

  find(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Whether a request ran of which nothing else is kept, such as before this daemon started: who called it. */
  seenBefore(id: string): Seen | undefined {
    return this.#seen.get(id);
  }

  /** What is kept of the requests of one caller, the newest first. */
  ofCaller(caller: string): readonly Job[] {
    return [...this.#jobs.values()].filter(({ request }) => request.caller === caller).reverse();
  }

  running(): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.endedAt === undefined);
  }

  /** Notes on disk that the request begins, then returns its job. */
  begin(request: Request, identity: string, now: number): Job {
    this.#forget(now);
    const seen = { caller: request.caller, until: request.time + request.ttl * 1000 };
    appendFileSync(this.#file, `${JSON.stringify({ id: request.id, ...seen })}\n`, { mode: 0o600 });
    this.#lines += 1;
    if (this.#lines > 10_000) this.#compact(now);
    const job = new Job(request, identity, now);
    this.#jobs.set(request.id, job);
    return job;
  }

  #forget(now: number): void {
    for (const [id, { endedAt, request }] of this.#jobs) {
      if (endedAt === undefined || now - endedAt <= this.#keepMs) continue;
      this.#jobs.delete(id);
      // Its replies are forgotten; that it ran is not, for as long as somebody could send it again.
      this.#seen.set(id, { caller: request.caller, until: request.time + request.ttl * 1000 });
    }
  }

  #load(): void {
    if (!existsSync(this.#file)) return;
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      if (line === '') continue;
      try {
        const { id, caller, until } = JSON.parse(line) as Seen & { id: string };
        this.#seen.set(id, { caller, until });
      } catch {
        // The last line may be torn by a power cut: its request had not begun.
      }
    }
    this.#compact(Date.now());
  }

  #compact(now: number): void {
    const slack = this.#keepMs;
    for (const [id, { until }] of this.#seen) if (now > until + slack) this.#seen.delete(id);
    const lines: string[] = [];
    for (const [id, seen] of this.#seen) lines.push(JSON.stringify({ id, ...seen }));
    for (const [id, { request }] of this.#jobs) {
      lines.push(JSON.stringify({ id, caller: request.caller, until: request.time + request.ttl * 1000 }));
    }
    replaceFileSync(this.#file, lines.map((line) => `${line}\n`).join(''), 0o600);
    this.#lines = lines.length;
  }
}
