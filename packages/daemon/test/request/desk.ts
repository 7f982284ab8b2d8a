import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import {
  type Agent,
  type AnyHandler,
  type Attach,
  type Cancel,
  type Context,
  checkReply,
  type DataResult,
  type Facts,
  nodeSecurity,
  open,
  type Reply,
  type Request,
  type Security,
  type Signer,
  seal,
  Topics,
  type Transport,
} from '@troupe/core';
import type { Pause } from '@troupe/core/internal';
import { afterEach, beforeEach } from 'mocha';
import { discoveryAgent } from '../../src/agents/discovery.js';
import { Registry } from '../../src/agents/registry.js';
import type { Audit, AuditEntry } from '../../src/audit/audit.js';
import { type DaemonConfig, parseDaemonConfig } from '../../src/config.js';
import type { Node } from '../../src/node/node.js';
import { PolicyStore, policyOptionsOf, writeFirstPolicy } from '../../src/policy/index.js';
import { ActionCounts } from '../../src/request/action-counts.js';
import { Admission } from '../../src/request/admission.js';
import { ClockSkew } from '../../src/request/clock-skew.js';
import { Dispatcher } from '../../src/request/dispatcher.js';
import { Jobs } from '../../src/request/jobs.js';
import { Replier } from '../../src/request/replier.js';
import { RunQueue } from '../../src/request/run-queue.js';
import { newStats } from '../../src/request/stats.js';
import { Version1Callers } from '../../src/request/version1-callers.js';
import { ddlOf, keptLog } from '../agents/external/actor.js';
import type { Realm } from '../realm.js';
import { requestOf } from './request.js';

const text = { prompt: 'Text', description: 'Text', type: 'string', optional: true } as const;

const change = {
  mutating: true,
  input: {
    text: { ...text, maxlength: 20, validation: '.' },
    pin: { ...text, maxlength: 20, validation: '.', secret: true },
  },
  output: {
    out: { description: 'What came of it', display_as: 'Out', type: 'string' },
    more: { description: 'And more', display_as: 'More', type: 'string', default: 'none' },
  },
} as const;
const reveal = {
  mutating: false,
  output: {
    out: { description: 'What everybody may see', display_as: 'Out', type: 'string' },
    token: { description: 'What only the caller may see', display_as: 'Token', type: 'string', secret: true },
  },
} as const;
const ddlNamed = (name: string) => ddlOf(name, { change, look: { output: {} }, reveal }, '1.2.3');

export type Handle = (input: Record<string, unknown>, context: Context) => unknown;

export interface Sent {
  readonly topic: string;
  readonly reply: Reply;
  /** Whether it is sealed with a session key. */
  readonly isSealed: boolean;
}

/** The name of the node, and of the caller that asks it unless told. */
export const identity = 'web1.lab';
export const rip = 'rip.mcollective';

function openPolicy(folder: string): string {
  if (!existsSync(folder)) writeFirstPolicy(folder, ['*']);
  return `, authorization: { policies: ${folder} }`;
}

/** Stops the clock for the tests around it: nothing is accepted or times out because the machine is busy. */
export function stopClock(): void {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() }));
  afterEach(() => mock.timers.reset());
}

/** What the daemon does with messages, with the real security and without a network: a message is dispatched when `receive` resolves. */
export class Desk {
  readonly log = keptLog();
  readonly audit: (AuditEntry & { readonly now?: number })[] = [];
  readonly calls: { action: string; input: Record<string, unknown>; context: Context }[] = [];
  /** What every action of the agent "work" does. */
  handle: Handle = () => ({});
  /** What the audit throws where it must write. */
  auditFault: Error | undefined;
  /** The pause of the node. */
  pause: Pause | undefined;
  facts: Facts = { stage: 'dev' };
  classes: readonly string[] = ['role::web'];
  data = new Map<string, (query: string | undefined) => DataResult>();
  readonly config: DaemonConfig;
  readonly node: Node;
  readonly security: Security;
  readonly jobs: Jobs;
  readonly queue: RunQueue;
  readonly admission: Admission;
  readonly dispatcher: Dispatcher;
  readonly replier: Replier;
  readonly #clients = new Map<string, Security>();
  readonly #published: { topic: string; bytes: Uint8Array }[] = [];
  readonly #events = new EventEmitter();
  readonly #realm: Realm;

  /** Opened with {@link Desk.open}. */
  private constructor(realm: Realm, config: string) {
    this.#realm = realm;
    this.config = parseDaemonConfig(config);
    const { broker, security, limits, state_dir: stateDir, collectives } = this.config;
    this.security = nodeSecurity({ config: security, broker, identity, stateDir });
    const stats = newStats();
    this.node = {
      identity,
      version: '0.0.0',
      config: this.config,
      configFile: 'none',
      mainCollective: collectives[0] ?? '',
      registry: new Registry(),
      stats,
      actions: new ActionCounts(),
      clockSkew: new ClockSkew(),
      version1: new Version1Callers(this.log.log),
      startedAt: Date.now(),
      data: this.data,
      facts: () => this.facts,
      classes: () => this.classes,
    };
    this.jobs = new Jobs({
      file: join(stateDir, 'requests.jsonl'),
      keepSeconds: limits.keep_replies,
      mostIds: limits.keep_ids,
    });
    this.queue = new RunQueue({ concurrency: limits.concurrency, most: limits.queue });
    const { node, jobs, queue } = this;
    const policies = new PolicyStore(policyOptionsOf(this.config));
    const transport = {
      publish: async (topic: string, bytes: Uint8Array) => {
        this.#published.push({ topic, bytes });
        this.#events.emit('something');
      },
    } as unknown as Transport;
    const { log } = this.log;
    this.replier = new Replier({
      security: this.security,
      topics: new Topics(),
      transport,
      stats,
      log,
    });
    this.admission = new Admission({
      node,
      security: this.security,
      jobs,
      queue,
      policies,
      pause: { read: () => this.pause },
    });
    const audit = {
      write: (entry: AuditEntry, now?: number) => {
        this.audit.push({ ...entry, ...(now && { now }) });
        this.#events.emit('something');
      },
      mustWrite: (entry: AuditEntry, now?: number) => {
        if (this.auditFault) throw this.auditFault;
        audit.write(entry, now);
      },
    } as unknown as Audit;
    const { replier, admission } = this;
    this.dispatcher = new Dispatcher({ node, admission, jobs, queue, replier, audit, log });
  }

  /** `config` is more of the configuration, with a policy that allows everything unless it names one; `stateDir` that of a desk before this one; `agent` the name of its agent, else "work". */
  static async open(
    realm: Realm,
    options: { config?: string; security?: string; stateDir?: string; agent?: string } = {},
  ) {
    const { config = '', security = realm.x509(identity), agent: name = 'work' } = options;
    const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'troupe-desk-'));
    const more = config.includes('authorization')
      ? config
      : `${config} ${openPolicy(join(stateDir, 'open'))}`;
    const desk = new Desk(realm, `{ identity: ${identity}, ${security}, state_dir: ${stateDir} ${more} }`);
    const run = (action: string) => (input: Record<string, unknown>, context: Context) => {
      desk.calls.push({ action, input, context });
      return desk.handle(input, context);
    };
    const ddl = ddlNamed(name);
    const handlers = Object.fromEntries(ddl.actions.map(({ action }) => [action, run(action)]));
    const work: Agent = { ddl, setup: async () => handlers as Record<string, AnyHandler> };
    for (const agent of [work, discoveryAgent(desk.node, desk.jobs)])
      await desk.node.registry.add(agent, 'test', {}, { log: desk.log.log } as never);
    return desk;
  }

  close(): void {
    this.jobs.close();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  get stateDir(): string {
    return this.config.state_dir;
  }

  /** The hash of the DDL of its agent. */
  get ddlHash(): string {
    const [agent] = this.node.registry.all().filter(({ name }) => name !== 'discovery');
    return agent?.hash ?? '';
  }

  /** Signs with an offer of a session key, as clients do. */
  offering(as = rip): Signer {
    const { signer } = this.client(as);
    return { name: signer.name, sign: (payload) => signer.sign(payload, { as: 'offering' }) };
  }

  /** A message as its sender signs it. */
  signed(message: object, as = rip): Promise<Uint8Array> {
    return seal(message, this.client(as).signer);
  }

  /** What only the caller can read of a reply. */
  read(reply: Reply, as = rip): unknown {
    const { sessionKeys } = this.client(as);
    const peer = sessionKeys?.peerOf(identity);
    if (reply.kind !== 'result' || reply.secret === undefined || !peer) return undefined;
    const bytes = sessionKeys?.decrypt(reply.secret, peer);
    return bytes && JSON.parse(Buffer.from(bytes).toString());
  }

  /** Encrypts inputs for the node, after the handshake that it takes. */
  async secret(inputs: object, as = rip): Promise<string> {
    const { verifier, sessionKeys } = this.client(as);
    const ping = this.request({ agent: 'discovery', action: 'ping', caller: as });
    await this.receive(ping, this.offering(as));
    await this.ended();
    const [answer] = this.#published.splice(0);
    this.audit.splice(0);
    if (!answer || !sessionKeys) throw new Error('no answer to the handshake');
    const { proof } = await open(answer.bytes, verifier);
    if (!proof.answer?.peer) throw new Error('no key was agreed on');
    return sessionKeys.encrypt(Buffer.from(JSON.stringify(inputs)), proof.answer.peer);
  }

  /** A caller's end: the same for each message, so that it agrees on session keys. */
  client(name: string): Security {
    const known = this.#clients.get(name) ?? this.#realm.client(name);
    this.#clients.set(name, known);
    return known;
  }

  /** Has a message received, and waits until it is dispatched and what was sent meanwhile is out. */
  async receive(message: object, as: string | Signer = rip): Promise<void> {
    const signer = typeof as === 'string' ? this.client(as).signer : as;
    await this.dispatcher.receive(await seal(message, signer));
    await this.replier.idle();
  }

  /** What was sent since the last time. */
  async sent(): Promise<readonly Sent[]> {
    await this.replier.idle();
    return await Promise.all(
      this.#published.splice(0).map(async ({ topic, bytes }) => {
        const [, , , caller = ''] = topic.split('/');
        const { payload } = await open(bytes, this.client(caller).verifier);
        const [head = ''] = Buffer.from(bytes).toString().split('.');
        const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid?: string };
        return { topic, reply: checkReply(payload), isSealed: kid !== undefined };
      }),
    );
  }

  /** The replies that were sent since the last time. */
  async replies(): Promise<readonly Reply[]> {
    return (await this.sent()).map(({ reply }) => reply);
  }

  /** Has a message received, and tells the replies to it, when its action has ended. */
  async ask(message: object, as: string | Signer = rip): Promise<readonly Reply[]> {
    await this.receive(message, as);
    await this.ended();
    return await this.replies();
  }

  /** Resolves when nothing runs and everything is sent. */
  async ended(): Promise<void> {
    while (this.jobs.running().length > 0) await once(this.#events, 'something');
    await this.replier.idle();
  }

  request(parts: Partial<Request> = {}): Request {
    return requestOf({ ...this.#common(), action: 'change', ddl: this.ddlHash, ...parts });
  }

  attach(id: string, parts: Partial<Attach> = {}): Attach {
    return { ...this.#common(), type: 'attach', id, after: 0, ...parts };
  }

  cancel(id: string, parts: Partial<Cancel> = {}): Cancel {
    return { ...this.#common(), type: 'cancel', id, ...parts };
  }

  #common() {
    return {
      v: 2 as const,
      id: randomBytes(16).toString('hex'),
      time: Date.now(),
      ttl: 60,
      caller: rip,
      session: 's1',
      collective: 'mcollective',
    };
  }
}
