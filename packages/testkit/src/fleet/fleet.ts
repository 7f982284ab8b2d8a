import {
  type Agent,
  type Facts,
  type Logger,
  MemoryBroker,
  type MemoryTransport,
  openMqtt,
  silentLogger,
  type Transport,
} from '@troupe/core';
import { startDaemon } from '@troupe/daemon';
import { createTempFolder, type TempFolder } from '../temp-folder.js';
import { waitFor } from '../wait-for.js';
import { type EmulatedNode, emulatedNode, type Wire } from './emulated-node.js';
import type { Faults } from './faults.js';
import { FaultyTransport } from './faulty-transport.js';
import { type Link, openLink } from './link.js';
import { type FleetSecurity, NodeConfigs } from './node-config.js';

export interface FleetOptions {
  readonly instances: number;
  /** `mqtt://…` or `mqtts://…`, tried in turn, or a broker in this process's memory. */
  readonly broker: string | readonly string[] | MemoryBroker;
  readonly security?: FleetSecurity;
  /** The name of node number `index`, from 0; `node-1.fleet` and so on unless told. */
  readonly identity?: (index: number) => string;
  readonly collectives?: readonly string[];
  /** Whether dots are written `%2E` in topics, as RabbitMQ and NATS need it; false unless told. */
  readonly escape?: boolean;
  readonly facts?: (index: number) => Facts;
  readonly classes?: (index: number) => readonly string[];
  /** The agents beside rpcutil and discovery. */
  readonly agents?: readonly Agent[] | ((index: number) => readonly Agent[]);
  /** Each agent's section of the configuration, by agent name. */
  readonly plugins?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What goes wrong for a node; one for which it returns something can also be cut off. */
  readonly faults?: (index: number) => Faults | undefined;
  /** Nodes that connect at the same time; 50 unless told. */
  readonly connecting?: number;
  /** Seconds in which all must be connected; 60 and what 20 nodes a second take unless told. */
  readonly timeoutSeconds?: number;
  readonly log?: Logger;
}

/** Daemons in this process, each with a connection, a name, facts and agents of its own. */
export interface Fleet extends AsyncDisposable {
  readonly nodes: readonly EmulatedNode[];
  /** The node of that name. Throws RangeError where there is none. */
  node(identity: string): EmulatedNode;
  /** How many are connected now. */
  connected(): number;
  /** Resolves when all are connected. */
  whenConnected(options?: { timeoutSeconds?: number }): Promise<void>;
  close(): Promise<void>;
}

/** Starts `instances` real daemons and resolves when all are connected. What can be shared is made once: the configuration, and keys. */
export async function emulateFleet(options: FleetOptions): Promise<Fleet> {
  const folder = await createTempFolder({ prefix: 'troupe-fleet' });
  const fleet = new RunningFleet(options, folder);
  try {
    await fleet.start();
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return fleet;
}

class RunningFleet implements Fleet {
  readonly nodes: EmulatedNode[] = [];
  readonly #options: FleetOptions;
  readonly #folder: TempFolder;
  readonly #configs: NodeConfigs;
  readonly #byName = new Map<string, EmulatedNode>();
  readonly #links: Link[] = [];
  /** Those that have not connected yet. */
  readonly #waiting = new Set<string>();

  constructor(options: FleetOptions, folder: TempFolder) {
    const { security = { mode: 'none' }, collectives = ['mcollective'], plugins = {} } = options;
    this.#options = options;
    this.#folder = folder;
    this.#configs = new NodeConfigs({
      folder: folder.path,
      instances: options.instances,
      urls: urlsOf(options.broker),
      security,
      collectives,
      escape: options.escape ?? false,
      plugins,
    });
  }

  async start(): Promise<void> {
    const { instances, connecting = 50 } = this.#options;
    const { timeoutSeconds = 60 + instances / 20 } = this.#options;
    for (let index = 0; index < instances; index += 1) {
      await this.#startNode(index);
      // Only so many handshakes at a time: a broker refuses a thousand at once, or takes longer over them.
      if (this.#waiting.size < connecting) continue;
      const isHalfIn = () => this.#waiting.size <= connecting / 2;
      await waitFor('nodes to connect', isHalfIn, { timeoutSeconds, intervalMs: 5 });
    }
    await this.whenConnected({ timeoutSeconds });
  }

  node(identity: string): EmulatedNode {
    const node = this.#byName.get(identity);
    if (!node) throw new RangeError(`no node "${identity}" in this fleet`);
    return node;
  }

  connected(): number {
    let count = 0;
    for (const node of this.nodes) if (node.isConnected) count += 1;
    return count;
  }

  async whenConnected({ timeoutSeconds = 60 }: { timeoutSeconds?: number } = {}): Promise<void> {
    const all = () => this.connected() === this.nodes.length;
    await waitFor(`${this.nodes.length} nodes to connect`, all, { timeoutSeconds, intervalMs: 10 });
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all(this.#links.map((link) => link.close()));
    await this.#folder.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #startNode(index: number): Promise<void> {
    const { agents = [], log = silentLogger, broker, facts, classes } = this.#options;
    const identity = this.#options.identity?.(index) ?? `node-${index + 1}.fleet`;
    const faults = this.#options.faults?.(index);
    const link = faults && !(broker instanceof MemoryBroker) ? await openLink(targetOf(broker)) : undefined;
    if (link) this.#links.push(link);
    const config = await this.#configs.make({
      identity,
      ...(facts && { facts: facts(index) }),
      ...(classes && { classes: classes(index) }),
      ...(link && { urls: urlsOf(broker).map((url) => through(link, url)) }),
    });
    const now = faults && { now: faults };
    let transport: Transport | undefined;
    let memory: MemoryTransport | undefined;
    let connections = 0;
    this.#waiting.add(identity);
    const daemon = await startDaemon({
      config,
      configFile: `(emulated ${identity})`,
      log,
      agents: typeof agents === 'function' ? agents(index) : agents,
      connect: ({ clientId, will, security }) => {
        if (broker instanceof MemoryBroker) memory = broker.connect({ will });
        transport =
          memory ?? openMqtt({ ...config.broker, clientId, will, credentials: security.credentials, log });
        transport.onConnect(() => {
          connections += 1;
          this.#waiting.delete(identity);
        });
        return now ? new FaultyTransport(transport, () => now.now) : transport;
      },
    });
    const wire: Wire = {
      isConnected: () => connections > 0 && transport?.connected === true,
      connections: () => connections,
      faults: now,
      link,
      memory,
    };
    const node = emulatedNode(identity, daemon, wire);
    this.nodes.push(node);
    this.#byName.set(identity, node);
  }
}

function urlsOf(broker: FleetOptions['broker']): readonly string[] {
  if (broker instanceof MemoryBroker) return [];
  return typeof broker === 'string' ? [broker] : broker;
}

function targetOf(broker: string | readonly string[]): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(urlsOf(broker)[0] ?? '');
  return { host: hostname, port: Number(port || (protocol === 'mqtts:' ? 8883 : 1883)) };
}

function through(link: Link, url: string): string {
  return `${new URL(url).protocol}//127.0.0.1:${link.port}`;
}
