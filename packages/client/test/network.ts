import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  type Listener,
  MemoryBroker,
  parseConfig,
  silentLogger,
  type Transport,
  type Will,
} from '@troupe/core';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import { type Client, type ConnectOptions, clientSchema, connect } from '../src/index.js';

/** A client over a broker in memory. */
export function connectTo(
  broker: { connect(): Transport },
  session?: string,
  security = '',
  more: Pick<ConnectOptions, 'traceparent'> = {},
): Promise<Client> {
  const config = parseConfig(`security: { mode: none ${security} }`, clientSchema, 'the test');
  return connect({ config, transport: broker.connect(), ...(session !== undefined && { session }), ...more });
}

/** Keeps back what is published on some topics until it is released, in its order. */
export function holdBack(broker: MemoryBroker, isHeld: (topic: string) => boolean): { release(): void } {
  const route = broker.route.bind(broker);
  const held: (() => void)[] = [];
  let isReleased = false;
  broker.route = (topic, payload, retain) => {
    const pass = () => route(topic, payload, retain);
    if (isReleased || !isHeld(topic)) pass();
    else held.push(pass);
  };
  return {
    release: () => {
      isReleased = true;
      for (const pass of held.splice(0)) pass();
    },
  };
}

/** Daemons and clients in this process, over a broker in memory: the real protocol without I/O. */
export class Network {
  readonly broker = new MemoryBroker();
  readonly #folder = mkdtempSync(join(tmpdir(), 'troupe-network-'));
  readonly #closers: (() => Promise<void>)[] = [];

  async node(
    identity: string,
    agents: readonly Agent[] = [],
    extra = '',
    facts: readonly string[] = [],
    connect = (will: Will): Transport => this.broker.connect({ will }),
  ): Promise<Daemon> {
    const config = parseDaemonConfig(
      `{ identity: ${identity}, security: { mode: none }, state_dir: ${join(this.#folder, identity)}, facts: { paths: ${JSON.stringify(facts)} } ${extra} }`,
    );
    const daemon = await startDaemon({
      config,
      configFile: 'none',
      log: silentLogger,
      agents,
      connect: ({ will }) => connect(will),
    });
    this.#closers.push(() => daemon.close());
    return daemon;
  }

  /** A node that behaves as one of version 1 does: it hears nothing of version 2, and its presence does not name it. */
  oldNode(identity: string, agents: readonly Agent[] = []): Promise<Daemon> {
    return this.node(identity, agents, '', [], (will) => {
      const own = this.broker.connect({ will: { ...will, payload: asVersion1(will.payload) } });
      const { subscribe, publish } = own;
      own.subscribe = async (filter, listener, ...rest) => {
        if (filter.includes('/agent/v2-')) return async () => {};
        const hear: Listener = (payload, topic, ...more) => {
          if (topic.includes('/presence/') || versionOf(payload) === 1) listener(payload, topic, ...more);
        };
        return subscribe.call(own, filter, hear, ...rest);
      };
      own.publish = (topic, payload, ...rest) =>
        publish.call(own, topic, topic.includes('/presence/') ? asVersion1(payload) : payload, ...rest);
      return own;
    });
  }

  async client(session?: string, security?: string): Promise<Client> {
    const client = await connectTo(this.broker, session, security);
    this.#closers.push(() => client.close());
    return client;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    rmSync(this.#folder, { recursive: true });
  }
}

function versionOf(jws: Uint8Array): unknown {
  const [, body = ''] = Buffer.from(jws).toString().split('.');
  return (JSON.parse(Buffer.from(body, 'base64url').toString()) as { v?: unknown }).v;
}

function asVersion1(presence: Uint8Array): Uint8Array {
  if (presence.length === 0) return presence;
  const { identity, online, since, version } = JSON.parse(Buffer.from(presence).toString());
  return Buffer.from(JSON.stringify({ v: 1, identity, online, since, version }));
}
