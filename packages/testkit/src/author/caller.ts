import { randomBytes } from 'node:crypto';
import {
  checkReply,
  clientSecurity,
  emptyFilter,
  type Filter,
  open,
  type Reply,
  type Request,
  type ResultReply,
  type Security,
  seal,
  Topics,
  type Transport,
} from '@troupe/core';

export interface CallerOptions {
  readonly transport: Transport;
  /** The name of who calls; `test.mcollective` unless told. */
  readonly name?: string;
  readonly collective?: string;
  /** How it signs and whom it believes; as anybody, in a network without proof, unless told. */
  readonly security?: Security;
}

/** One call of an action. */
export interface CallWords {
  readonly identity: string;
  readonly agent: string;
  readonly action: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly filter?: Filter;
  /** Seconds that the action may take; the DDL's otherwise. */
  readonly timeout?: number;
  /** Seconds in which the node may begin; 60 unless told. */
  readonly ttl?: number;
  /** Fires to cancel the action on the node, as a caller would. */
  readonly signal?: AbortSignal;
  /** Seconds until the test gives up; 10 unless told. */
  readonly giveUpAfter?: number;
}

/** How a call ended: a node's result, with the pieces of output before it. */
export interface CallResult
  extends Pick<ResultReply, 'outcome' | 'statuscode' | 'statusmsg' | 'data' | 'sender'> {
  readonly progress: readonly unknown[];
}

/** Sends real requests, one node each, and waits for the result; without any of what a client does about loss. */
export class Caller {
  readonly name: string;
  readonly #session = randomBytes(8).toString('hex');
  readonly #options: CallerOptions;
  readonly #security: Security;
  readonly #topics = new Topics();
  readonly #listeners = new Map<string, (reply: Reply) => void>();
  #subscribed: Promise<unknown> | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#security = options.security ?? openSecurity(options.name ?? 'test.mcollective');
    this.name = this.#security.signer.name;
  }

  /** Runs an action on a node. Throws when no result comes in time, which a fault may be the cause of. */
  async call(words: CallWords): Promise<CallResult> {
    await this.#subscribe();
    const request = this.#request(words);
    const progress: unknown[] = [];
    const ended = new Promise<ResultReply>((resolve) => {
      this.#listeners.set(request.id, (reply) => {
        if (reply.kind === 'progress') progress.push(reply.data);
        if (reply.kind === 'result') resolve(reply);
      });
    });
    const { giveUpAfter = 10, identity, agent, action, signal } = words;
    const cancel = () => void this.#send(identity, cancelOf(request)).catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `timeout: no result of ${agent}#${action} from ${identity} within ${giveUpAfter} s`;
      timer = setTimeout(() => reject(new Error(text)), giveUpAfter * 1000);
    });
    try {
      await this.#send(identity, request);
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      const { outcome, statuscode, statusmsg, data, sender } = await Promise.race([ended, late]);
      return { outcome, statuscode, statusmsg, data, sender, progress };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.#listeners.delete(request.id);
    }
  }

  get #collective(): string {
    return this.#options.collective ?? 'mcollective';
  }

  #request({ agent, action, input = {}, filter = emptyFilter, timeout, ttl = 60 }: CallWords): Request {
    return {
      v: 1,
      type: 'request',
      id: randomBytes(16).toString('hex'),
      time: Date.now(),
      ttl,
      caller: this.name,
      session: this.#session,
      collective: this.#collective,
      agent,
      action,
      filter,
      input,
      answerUnmatched: true,
      ...(timeout === undefined ? {} : { timeout }),
    };
  }

  async #send(identity: string, message: Request | ReturnType<typeof cancelOf>): Promise<void> {
    const topic = this.#topics.node(this.#collective, identity);
    await this.#options.transport.publish(topic, await seal(message, this.#security.signer));
  }

  async #subscribe(): Promise<void> {
    const filter = this.#topics.replies(this.#collective, this.name, this.#session);
    this.#subscribed ??= this.#options.transport.subscribe(filter, (bytes) => void this.#receive(bytes));
    await this.#subscribed;
  }

  async #receive(bytes: Uint8Array): Promise<void> {
    // A reply that is not sound never counts: the call then ends without a result.
    const opened = await open(bytes, this.#security.verifier).catch(() => undefined);
    if (!opened) return;
    const reply = checkReply(opened.payload);
    this.#listeners.get(reply.id)?.(reply);
  }
}

function cancelOf({ id, time, ttl, caller, session, collective }: Request) {
  return { v: 1, type: 'cancel', id, time, ttl, caller, session, collective } as const;
}

function openSecurity(name: string): Security {
  const broker = { urls: [], keepalive: 30 };
  return clientSecurity({
    config: { mode: 'none', callers: { match: '/./' }, tokens: {}, minimum_protocol: 1 },
    broker,
    name,
  });
}
