import type { CallOptions, Client, Discovery, PresenceListener, Result } from '@troupe/client';
import type { Presence } from '@troupe/core';

/** A question to nodes that waits for the test to answer it. */
export interface Question {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
  readonly id: string;
  answer(...results: readonly Partial<Result>[]): void;
  fail(error: Error): void;
  /** Says who was found. */
  found(discovery: Partial<Discovery>): void;
}

/** A result as `Call` gives it: ok, of the node that was asked by name, unless told otherwise. */
function resultOf(part: Partial<Result>, sender: string): Result {
  const { state = 'ok', ...rest } = part;
  return { sender, state, ok: state === 'ok', statuscode: 0, statusmsg: 'OK', data: {}, seconds: 1, ...rest };
}

/** A client that asks nobody: a test says who is online and answers each question. */
export class ScriptedClient {
  readonly questions: Question[] = [];
  readonly presences: (string | undefined)[] = [];
  readonly listeners = new Set<PresenceListener>();
  readonly #records = new Map<string, Presence>();
  /** Answers a question as soon as it is asked, where set. */
  reply: ((question: Question) => void) | undefined;

  get client(): Client {
    return this as unknown as Client;
  }

  async presence(collective?: string) {
    this.presences.push(collective);
    return {
      isOnline: (identity: string) => this.#records.get(identity)?.online,
      get: (identity: string) => this.#records.get(identity),
      onChange: (listener: PresenceListener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    };
  }

  /** The broker says that a node is online, with the time at which its daemon started, or that it is not. */
  tell(identity: string, online: boolean, since = 1): void {
    const record: Presence = { v: 1, identity, online, since, version: '1' };
    this.#records.set(identity, record);
    for (const listener of [...this.listeners]) listener(record);
  }

  agent() {
    const ask = (action: string) => (input: Readonly<Record<string, unknown>>, options: CallOptions) =>
      this.#ask(action, input, options);
    return { status: ask('status'), runonce: ask('runonce'), follow: ask('follow') };
  }

  #ask(action: string, input: Readonly<Record<string, unknown>>, options: CallOptions) {
    const id = `run-${this.questions.length}`;
    const sender = options.targets?.[0] ?? '';
    const results = new Promise<readonly Result[]>((resolve, reject) => {
      const question: Question = {
        action,
        input,
        options,
        id,
        answer: (...parts) => resolve(parts.map((part) => resultOf(part, sender))),
        fail: reject,
        found: (discovery) => options.onDiscovered?.({ silent: [], offline: [], ...discovery } as Discovery),
      };
      // As a call of the client does.
      const stop = () => question.answer({ state: 'no-reply', statusmsg: 'this client stopped waiting' });
      options.signal?.addEventListener('abort', stop, { once: true });
      if (options.signal?.aborted) stop();
      this.questions.push(question);
      this.reply?.(question);
    });
    results.catch(() => {});
    return {
      id,
      one: async () => (await results)[0],
      async *[Symbol.asyncIterator]() {
        yield* await results;
      },
    };
  }

  /** The question that was asked last. */
  get last(): Question {
    const question = this.questions.at(-1);
    if (!question) throw new Error('nothing was asked');
    return question;
  }
}

/** Lets everything happen that needs no time. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 3; count += 1) await new Promise(setImmediate);
}
