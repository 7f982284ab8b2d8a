import {
  type Accepted,
  emptyFilter,
  type Progress,
  type ProtocolVersion,
  protocolVersion,
  type Reply,
  type ReplyOutcome,
  type Request,
  type ResultReply,
} from '@troupe/core';
import { inAgent } from '../agents/agent-scope.js';
import type { Answer } from './answer.js';
import { LateAbort } from './late-abort.js';

type Numbered<T> = Omit<T, 'v' | 'protocol' | 'session'>;
/** A reply before it is addressed to one of the caller's clients. */
export type KeptReply = Numbered<Accepted> | Numbered<Progress> | Numbered<ResultReply>;

type Body<T> = Omit<
  T,
  | 'v'
  | 'protocol'
  | 'type'
  | 'id'
  | 'time'
  | 'seq'
  | 'sender'
  | 'caller'
  | 'session'
  | 'collective'
  | 'agent'
  | 'action'
>;
/** The part of a reply that is not derived from its request. */
export type ReplyBody = Body<Accepted> | Body<Progress> | Body<ResultReply>;

const maxProgressBytes = 256 * 1024;

/** Clients of the caller that get the replies to one request: those that asked last. */
const mostSessions = 16;

/** What a kept job takes beside the data of its replies, roughly. */
const jobBytes = 2048;

/** One request on this node: its replies so far, and who gets them. */
export class Job {
  readonly abort: LateAbort;
  readonly startedAt: number;
  /** The outputs that its DDL marks as secret. */
  readonly secretOutputs: readonly string[];
  readonly #identity: string;
  readonly #whenEnded: () => void;
  // bound: clients that get the replies to one request | the caller of the request | {mostSessions} for each request
  // | 1 KiB each | the client that asked first gets no further replies; it can ask again
  readonly #sessions = new Map<string, Answer>();
  // bound: replies to a running request | the agent that runs | by bytes | {bytes maxProgressBytes} of progress for
  // each request, and the result | the oldest progress is removed; the client sees a gap
  readonly #replies: { readonly reply: KeptReply; readonly bytes: number }[] = [];
  #request: Request;
  #bytes = jobBytes;
  #progressBytes = 0;
  #seq = 0;
  #endedAt: number | undefined;
  #outcome: ReplyOutcome | undefined;

  constructor(
    request: Request,
    identity: string,
    now: number,
    parts: {
      readonly answer?: Answer;
      readonly secretOutputs?: readonly string[];
      readonly whenEnded?: () => void;
    } = {},
  ) {
    this.#request = request;
    this.#identity = identity;
    this.#whenEnded = parts.whenEnded ?? (() => {});
    this.secretOutputs = parts.secretOutputs ?? [];
    this.startedAt = now;
    this.abort = new LateAbort((work) => inAgent(request.agent, work));
    // Who wants no replies may attach later, and has them then.
    if (!request.noReply) this.addSession(request.session, parts.answer ?? { v: request.v });
  }

  /** What was asked; without its input, filter and targets when it has ended. */
  get request(): Request {
    return this.#request;
  }

  /** The clients that get its replies, and how they are answered. */
  get sessions(): ReadonlyMap<string, Answer> {
    return this.#sessions;
  }

  /** What it takes of this process's memory, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** How it ended; nothing while it runs. */
  get outcome(): ReplyOutcome | undefined {
    return this.#outcome;
  }

  addSession(session: string, answer: Answer): void {
    this.#sessions.delete(session);
    this.#sessions.set(session, answer);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > mostSessions && oldest !== undefined) this.#sessions.delete(oldest);
  }

  /** Keeps a reply and numbers it. Old progress is forgotten beyond 256 KiB; the client sees the gap in the numbers. Throws a TypeError for what JSON cannot say. */
  add(body: ReplyBody, now: number): KeptReply {
    const { id, caller, collective, agent, action } = this.#request;
    const reply = {
      type: 'reply',
      id,
      time: now,
      seq: this.#seq + 1,
      sender: this.#identity,
      caller,
      collective,
      agent,
      action,
      ...body,
    } as KeptReply;
    const bytes = reply.kind === 'accepted' ? 0 : JSON.stringify(reply.data ?? null).length;
    this.#seq += 1;
    this.#replies.push({ reply, bytes });
    this.#bytes += bytes;
    if (reply.kind === 'progress') this.#boundProgress(reply, bytes);
    if (reply.kind === 'result') this.#end(reply.outcome, now);
    return reply;
  }

  /** The replies after number `seq`. */
  after(seq: number): readonly KeptReply[] {
    return this.#replies.map(({ reply }) => reply).filter((reply) => reply.seq > seq);
  }

  #end(outcome: ReplyOutcome, now: number): void {
    this.#endedAt = now;
    this.#outcome = outcome;
    const { targets: _, ...request } = this.#request;
    this.#request = { ...request, filter: emptyFilter, input: {} };
    this.#whenEnded();
  }

  #boundProgress(latest: KeptReply, bytes: number): void {
    this.#progressBytes += bytes;
    while (this.#progressBytes > maxProgressBytes) {
      const index = this.#replies.findIndex(({ reply }) => reply.kind === 'progress' && reply !== latest);
      const [oldest] = index < 0 ? [] : this.#replies.splice(index, 1);
      if (!oldest) return;
      this.#progressBytes -= oldest.bytes;
      this.#bytes -= oldest.bytes;
    }
  }
}

/** Addresses a kept reply to one client, in the version that it speaks. */
export function addressTo(reply: KeptReply, session: string, v: ProtocolVersion): Reply {
  return { v, ...(v > 1 && { protocol: protocolVersion }), ...reply, session } as Reply;
}
