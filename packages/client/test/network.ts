import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, MemoryBroker, parseConfig, silentLogger } from '@troupe/core';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import { type Client, clientSchema, connect } from '../src/index.js';

/** A client over a broker in memory. */
export function connectTo(broker: MemoryBroker, session?: string): Promise<Client> {
  const config = parseConfig('security: { mode: none }', clientSchema, 'the test');
  return connect({ config, transport: broker.connect(), ...(session !== undefined && { session }) });
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
  ): Promise<Daemon> {
    const config = parseDaemonConfig(
      `{ identity: ${identity}, security: { mode: none }, state_dir: ${join(this.#folder, identity)}, facts: { paths: ${JSON.stringify(facts)} } ${extra} }`,
    );
    const daemon = await startDaemon({
      config,
      configFile: 'none',
      log: silentLogger,
      agents,
      connect: ({ will }) => this.broker.connect({ will }),
    });
    this.#closers.push(() => daemon.close());
    return daemon;
  }

  async client(session?: string): Promise<Client> {
    const client = await connectTo(this.broker, session);
    this.#closers.push(() => client.close());
    return client;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    rmSync(this.#folder, { recursive: true });
  }
}
