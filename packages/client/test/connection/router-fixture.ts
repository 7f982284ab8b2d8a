import {
  type Logger,
  MemoryBroker,
  type MessageProtection,
  type Proof,
  type Reply,
  type Security,
  Topics,
  type Transport,
} from '@troupe/core';
import { NodeVersions } from '../../src/connection/node-versions.js';
import { Router } from '../../src/connection/router.js';

/** A message on its way to nodes. */
export interface Sent {
  readonly topic: string;
  readonly message: Record<string, unknown>;
  readonly protection: MessageProtection | undefined;
  readonly bytes: Uint8Array;
}

export const topics = new Topics();

/** A router of caller "c" in session "s", and what it sends; what is proved of a reply is whatever a test says. */
export class RouterFixture {
  readonly broker = new MemoryBroker();
  readonly sent: Sent[] = [];
  readonly warned: { readonly node?: string; readonly reason: string }[] = [];
  get warnings(): readonly string[] {
    return this.warned.map(({ reason }) => reason);
  }
  readonly invalidated: string[] = [];
  /** Nodes with which a session key is agreed. */
  readonly known = new Set<string>();
  readonly router: Router;
  /** What those prove themselves with. */
  credential: object = { x5c: ['leaf'] };
  /** The version that the presence records of all nodes claim. */
  claimed: 1 | 2 = 2;
  readonly transport: Transport;
  signatures = 0;
  /** Resolves when a message of this body may be checked. */
  verifying: (body: string) => Promise<void> = async () => {};

  constructor() {
    const transport = this.broker.connect();
    this.transport = transport;
    const publish = transport.publish.bind(transport);
    transport.publish = async (topic, bytes) => {
      await publish(topic, bytes);
      const { message, protection } = JSON.parse(Buffer.from(bytes).toString());
      this.sent.push({ topic, message, protection, bytes });
    };
    const versions = new NodeVersions({
      least: 1,
      claimedBy: () => this.claimed,
      whenClaimed: async () => {},
      mayHaveVersion1: () => this.claimed === 1,
    });
    this.router = new Router('s', {
      transport,
      topics,
      security: this.#security(),
      versions,
      log: this.#log(),
    });
  }

  /** Brings a reply on the topic of a node, signed as the proof says. */
  receive(
    reply: Reply,
    {
      proof = {},
      topic = topics.reply('m', 'c', 's', reply.sender),
    }: { proof?: Partial<Proof>; topic?: string } = {},
  ): void {
    this.broker.route(topic, Buffer.from(JSON.stringify({ payload: reply, proof })), false);
  }

  #security(): Security {
    return {
      signer: {
        name: 'c',
        sign: async (payload, protection) => {
          this.signatures += 1;
          return JSON.stringify({ message: JSON.parse(Buffer.from(payload).toString()), protection });
        },
      },
      verifier: {
        verify: async (text) => {
          await this.verifying(text);
          const { payload, proof } = JSON.parse(text);
          if (proof.isForged) throw new Error('forged');
          return {
            payload: Buffer.from(JSON.stringify(payload)),
            proof: { vouchedBy: 'ca', key: 'the key', ...proof },
          };
        },
      },
      sessionKeys: {
        offering: { as: 'offering', acknowledged: true },
        sealing: (name: string) => (this.known.has(name) ? { as: 'sealed', peer: { name } } : undefined),
        peerOf: (name: string) => (this.known.has(name) ? { name, credential: this.credential } : undefined),
        encrypt: (bytes: Uint8Array, { name }: { name: string }) => `for ${name}: ${Buffer.from(bytes)}`,
        invalidate: (name: string) => this.invalidated.push(name),
      } as unknown as NonNullable<Security['sessionKeys']>,
      credentials: {},
    };
  }

  #log(): Logger {
    const warn = (line: { readonly node?: string; readonly reason: string }) => this.warned.push(line);
    return { warn } as unknown as Logger;
  }
}
