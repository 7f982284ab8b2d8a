import { randomBytes } from 'node:crypto';
import {
  type Cancel,
  type CompiledDdl,
  checkReply,
  clientSecurity,
  compileDdl,
  emptyFilter,
  type Filter,
  open,
  type Peer,
  parseDdl,
  protocolVersion,
  type Reply,
  type Request,
  type ResultReply,
  type Security,
  seal,
  Topics,
  type Transport,
} from '@troupe/core';
import { parseJson } from '@troupe/core/internal';

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

/** The DDL that an agent has on a node, and its hash there. */
interface DdlThere {
  readonly compiled: CompiledDdl;
  readonly hash: string;
}

/** Part of the protocol: requests to it name no DDL. */
const discovery = 'discovery';

/**
 * Sends real requests, one node each, and waits for the result; without any of what a client does about loss. Asks each
 * node for the DDLs of the agents that it calls, and encrypts what they mark as secret.
 */
export class Caller {
  readonly name: string;
  readonly #session = `v2-${randomBytes(8).toString('hex')}`;
  readonly #options: CallerOptions;
  readonly #security: Security;
  readonly #topics = new Topics();
  readonly #listeners = new Map<string, (reply: Reply) => void>();
  readonly #ddls = new Map<string, DdlThere>();
  #subscribed: Promise<unknown> | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#security = options.security ?? openSecurity(options.name ?? 'test.mcollective');
    this.name = this.#security.signer.name;
  }

  /** Runs an action on a node. Throws when no result comes in time, which a fault may be the cause of. */
  async call(words: CallWords): Promise<CallResult> {
    const { giveUpAfter = 10, identity, agent, action } = words;
    const done = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `timeout: no result of ${agent}#${action} from ${identity} within ${giveUpAfter} s`;
      timer = setTimeout(() => reject(new Error(text)), giveUpAfter * 1000);
    });
    try {
      await this.#subscribe();
      return await Promise.race([this.#run(words, done.signal), late]);
    } finally {
      clearTimeout(timer);
      done.abort();
    }
  }

  async #run(words: CallWords, done: AbortSignal): Promise<CallResult> {
    const known = this.#ddls.get(placeOf(words)) ?? (await this.#fetchDdl(words, done));
    const key = this.#keyOf(words.identity);
    const result = await this.#exchange(words, known, done);
    if (result.outcome === 'ddl-mismatch')
      return this.#exchange(words, await this.#fetchDdl(words, done), done);
    // A daemon that was restarted offers another key, and has run nothing.
    const isOtherKey = result.outcome === 'busy' && this.#keyOf(words.identity) !== key;
    return isOtherKey ? this.#exchange(words, known, done) : result;
  }

  // Where a node does not give it, the reply to the request says why.
  async #fetchDdl(words: CallWords, done: AbortSignal): Promise<DdlThere | undefined> {
    const { identity, agent, ttl } = words;
    if (agent === discovery) return undefined;
    const question = { identity, agent: discovery, action: 'ddl', input: { agent } };
    const { outcome, data } = await this.#exchange(
      ttl === undefined ? question : { ...question, ttl },
      undefined,
      done,
    );
    if (outcome !== 'ok') return undefined;
    const ddl = parseDdl(data.ddl, `the DDL of "${agent}" from ${identity}`);
    const there = { compiled: compileDdl(ddl, { unknownValidators: 'skip' }), hash: String(data.hash) };
    this.#ddls.set(placeOf(words), there);
    return there;
  }

  async #exchange(words: CallWords, there: DdlThere | undefined, done: AbortSignal): Promise<CallResult> {
    const { identity, signal } = words;
    const request = this.#request(words, there);
    const progress: unknown[] = [];
    const cancel = () => void this.#send(identity, cancelOf(request)).catch(() => undefined);
    const forget = () => {
      this.#listeners.delete(request.id);
      signal?.removeEventListener('abort', cancel);
    };
    const ended = new Promise<ResultReply>((resolve) => {
      this.#listeners.set(request.id, (reply) => {
        if (reply.kind === 'progress') progress.push(reply.data);
        if (reply.kind === 'result') resolve(reply);
      });
    });
    done.addEventListener('abort', forget, { once: true });
    try {
      await this.#send(identity, request);
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      const { outcome, statuscode, statusmsg, data, sender } = await ended;
      return { outcome, statuscode, statusmsg, data, sender, progress };
    } finally {
      done.removeEventListener('abort', forget);
      forget();
    }
  }

  get #collective(): string {
    return this.#options.collective ?? 'mcollective';
  }

  #request(words: CallWords, there: DdlThere | undefined): Request {
    const { agent, action, input = {}, filter = emptyFilter, timeout, ttl = 60 } = words;
    return {
      v: protocolVersion,
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
      ...this.#withSecrets(words.identity, input, there?.compiled.action(action)?.secretInputs ?? []),
      answerUnmatched: true,
      ...(timeout === undefined ? {} : { timeout }),
      ...(there && { ddl: there.hash }),
    };
  }

  #withSecrets(
    identity: string,
    input: Readonly<Record<string, unknown>>,
    names: readonly string[],
  ): Pick<Request, 'input' | 'secret'> {
    const { sessionKeys } = this.#security;
    const peer = sessionKeys?.peerOf(identity);
    const entries = Object.entries(input);
    const hidden = entries.filter(([name]) => names.includes(name));
    if (hidden.length === 0) return { input };
    if (!sessionKeys || !peer)
      throw new Error(`${identity} has offered no key to encrypt secret inputs with`);
    const secret = sessionKeys.encrypt(Buffer.from(JSON.stringify(Object.fromEntries(hidden))), peer);
    return { input: Object.fromEntries(entries.filter(([name]) => !names.includes(name))), secret };
  }

  #keyOf(identity: string): string | undefined {
    return this.#security.sessionKeys?.peerOf(identity)?.kid;
  }

  async #send(identity: string, message: Request | Cancel): Promise<void> {
    const topic = this.#topics.node(this.#collective, identity);
    const bytes = await seal(message, this.#security.signer, { as: 'offering' });
    await this.#options.transport.publish(topic, bytes);
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
    const { peer } = opened.proof.answer ?? {};
    if (peer) this.#security.sessionKeys?.met(reply.sender, peer);
    this.#listeners.get(reply.id)?.(this.#decrypted(reply, peer));
  }

  #decrypted(reply: Reply, peer: Peer | undefined): Reply {
    if (reply.kind !== 'result' || reply.secret === undefined || !peer) return reply;
    const { secret, ...rest } = reply;
    const plaintext = this.#security.sessionKeys?.decrypt(secret, peer);
    if (!plaintext) return reply;
    return { ...rest, data: { ...rest.data, ...(parseJson(plaintext) as ResultReply['data']) } };
  }
}

function placeOf({ identity, agent }: CallWords): string {
  return `${identity}/${agent}`;
}

function cancelOf({ v, id, time, ttl, caller, session, collective }: Request): Cancel {
  return { v, type: 'cancel', id, time, ttl, caller, session, collective };
}

function openSecurity(name: string): Security {
  const broker = { urls: [], keepalive: 30 };
  return clientSecurity({
    config: { mode: 'none', callers: { match: '/./' }, tokens: {}, minimum_protocol: 1 },
    broker,
    name,
  });
}
