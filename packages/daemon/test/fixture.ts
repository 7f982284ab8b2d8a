import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  checkReply,
  createVerifier,
  defineAgent,
  emptyFilter,
  MemoryBroker,
  open,
  type Request,
  type ResultReply,
  type Signer,
  seal,
  silentLogger,
  Topics,
} from '@troupe/core';
import { envelopeType, signJws } from '@troupe/core/internal';
import { parseDaemonConfig } from '../src/config.js';
import { type Daemon, startDaemon } from '../src/daemon.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
const signer: Signer = {
  name: 'rip.mcollective',
  sign: (payload) => signJws(payload, privateKey, { typ: envelopeType, jwk }),
};

const ddl = {
  metadata: {
    name: 'counter',
    description: 'Counts',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 5,
  },
  actions: [
    {
      action: 'count',
      description: 'Counts',
      mutating: true,
      input: {
        pin: {
          prompt: 'Pin',
          description: 'Pin',
          type: 'string',
          optional: true,
          maxlength: 20,
          validation: '.',
          secret: true,
        },
      },
      output: { count: { description: 'How often', display_as: 'Count', type: 'integer' } },
    },
    {
      action: 'hold',
      description: 'Counts, and ends when it is let go',
      mutating: true,
      input: {},
      output: {},
    },
  ],
} as const;

/** A daemon in this process with an agent that counts how often it ran, and somebody who asks it. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'troupe-daemon-'));
  readonly broker = new MemoryBroker();
  readonly topics = new Topics();
  count = 0;
  /** Lets all that hold go. */
  release: () => void = () => {};
  #daemon: Daemon | undefined;

  async start(extra = '', agents: readonly Agent[] = [], facts = ''): Promise<void> {
    const config = parseDaemonConfig(
      `{ identity: web1.lab, security: { mode: none }, state_dir: ${this.folder}/state, facts: { paths: [${this.folder}/facts.yaml] ${facts} } ${extra} }`,
    );
    const counter = this.counter();
    this.#daemon = await startDaemon({
      config,
      configFile: 'none',
      log: silentLogger,
      agents: [counter, ...agents],
      connect: ({ will }) => this.broker.connect({ will }),
    });
  }

  /** An agent that counts how often it ran, and whose action "hold" runs until it is let go. */
  counter(): Agent {
    const held = new Promise<void>((resolve) => {
      this.release = resolve;
    });
    return defineAgent(ddl, () => ({
      count: () => {
        this.count += 1;
        return { count: this.count };
      },
      hold: async () => {
        this.count += 1;
        await held;
      },
    })) as unknown as Agent;
  }

  get daemon(): Daemon {
    if (!this.#daemon) throw new Error('no daemon was started');
    return this.#daemon;
  }

  async stop(options: { patience?: AbortSignal } = {}): Promise<void> {
    await this.#daemon?.close(options);
    this.#daemon = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** A request as of now. */
  request(parts: Partial<Request> = {}): Request & Record<string, unknown> {
    return {
      v: 1,
      type: 'request',
      id: randomBytes(16).toString('hex'),
      time: Date.now(),
      ttl: 60,
      caller: signer.name,
      session: 's1',
      collective: 'mcollective',
      agent: 'counter',
      action: 'count',
      filter: emptyFilter,
      input: {},
      ...parts,
    };
  }

  /** Sends a message, and waits for nothing. */
  async send(message: Record<string, unknown>): Promise<void> {
    const transport = this.broker.connect();
    await transport.publish(this.topics.node('mcollective', 'web1.lab'), await seal(message, signer));
    await transport.close();
  }

  /** The first result to a message. */
  async ask(message: { readonly id: string } & Record<string, unknown>): Promise<ResultReply> {
    const transport = this.broker.connect();
    const verifier = createVerifier({ anybody: true });
    const bytes = await seal(message, signer);
    const result = await new Promise<ResultReply>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nobody answered')), 5000);
      const receive = async (payload: Uint8Array) => {
        const reply = checkReply((await open(payload, verifier)).payload);
        if (reply.id !== message.id || reply.kind !== 'result') return;
        clearTimeout(timer);
        resolve(reply);
      };
      void transport
        .subscribe(this.topics.replies('mcollective', signer.name, 's1'), (payload) => void receive(payload))
        .then(() => transport.publish(this.topics.node('mcollective', 'web1.lab'), bytes));
    });
    await transport.close();
    return result;
  }
}
