import { type Call, type CallOptions, type Client, type Result, statsOf } from '@troupe/client';
import { type JsonFailure, JsonOutput, type Session } from '@troupe/client/application';
import { emptyFilter } from '@troupe/core';

/** A session that notes what is printed and asked, over a client that gives these results to each call. */
export class FakeSession implements Session {
  readonly printed: string[] = [];
  readonly notes: string[] = [];
  readonly questions: string[] = [];
  readonly calls: { readonly action: string; readonly input: unknown; readonly options: CallOptions }[] = [];
  readonly client: Client;
  readonly collective = 'eu';
  filter = emptyFilter;
  signal = new AbortController().signal;
  json: JsonOutput | undefined;
  isWatched = false;
  answer = true;

  constructor(results: readonly Partial<Result>[] = []) {
    const all = results.map((part) => {
      const { state = 'ok', ...rest } = part;
      return { sender: 'a', state, ok: state === 'ok', statusmsg: 'words', data: {}, seconds: 1, ...rest };
    });
    const call = (action: string) => (input: unknown, options: CallOptions) => {
      this.calls.push({ action, input, options });
      return {
        async *[Symbol.asyncIterator]() {
          yield* all;
        },
        stats: async () => statsOf('0'.repeat(32), all, { discoverySeconds: 0, callSeconds: 0 }),
      } as unknown as Call;
    };
    this.client = {
      call: (_: unknown, action: string, input: unknown, options: CallOptions) =>
        call(action)(input, options),
      agent: () => ({ status: call('status'), last_run_summary: call('last_run_summary') }),
    } as unknown as Client;
  }

  /** Has it print JSON. */
  asJson(): this {
    this.json = new JsonOutput((text) => this.printed.push(text));
    return this;
  }

  /** Ends the JSON: each document or line of it. */
  documents() {
    this.json?.end();
    return this.printed.map((text) => JSON.parse(text));
  }

  print(line: string): void {
    this.printed.push(line);
  }
  note(line: string): void {
    this.notes.push(line);
  }
  fail(failure: JsonFailure): void {
    this.notes.push(failure.message);
    this.json?.fail(failure);
  }
  async confirm(question: string): Promise<boolean> {
    this.questions.push(question);
    return this.answer;
  }
}
