import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, clientSchema, connect } from '@troupe/client';
import {
  ActionError,
  defineAgent,
  MemoryBroker,
  parseConfig,
  silentLogger,
  type Transport,
} from '@troupe/core';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };

/** How a node's Puppet behaves. */
export interface Behaviour {
  server?: string;
  enabled?: boolean;
  applying?: boolean;
  /** Milliseconds that a run takes; 20 unless told. */
  takes?: number;
  /** The verdict; `unchanged` unless told. */
  outcome?: string;
  /** How often it refuses to begin, in passing, before it does. */
  refuses?: number;
  /** When its last run began, seconds since 1970. */
  began?: number;
  /** Its run ends when this does, instead of after `takes`. */
  until?: Promise<void>;
  facts?: Readonly<Record<string, string>>;
  classes?: readonly string[];
  /** Whether it has the agent puppetd; default: true. */
  hasAgent?: boolean;
  collectives?: readonly string[];
}

interface Run {
  readonly id: string;
  readonly node: string;
  readonly began: number;
  readonly end: Promise<void>;
}

/** Nodes whose Puppet is played, in this process, over a broker in memory: the real protocol and the real client. */
export class FakeFleet implements AsyncDisposable {
  readonly runs: Run[] = [];
  /** The most runs at a time, over all and by server, as the nodes count them. */
  readonly most = new Map<string, number>();
  readonly #at = new Map<string, number>();
  readonly #broker = new MemoryBroker();
  readonly #folder = mkdtempSync(join(tmpdir(), 'troupe-fleet-'));
  readonly #daemons = new Map<string, Daemon>();
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #clients: Client[] = [];
  requests = 0;
  /** Messages that anybody has published. */
  messages = 0;

  async client(): Promise<Client> {
    const config = parseConfig('security: { mode: none }', clientSchema, 'the test');
    const client = await connect({ config, transport: this.#counted(this.#broker.connect()) });
    this.#clients.push(client);
    return client;
  }

  get size(): number {
    return this.#daemons.size;
  }

  behaviour(identity: string): Behaviour {
    return this.#behaviours.get(identity) ?? {};
  }

  /** Switches a node on; again after it was switched off, its runs still known to it. */
  async start(identity: string, behaviour: Behaviour = this.behaviour(identity)): Promise<void> {
    this.#behaviours.set(identity, behaviour);
    const { facts = {}, classes = [], hasAgent = true, collectives = ['mcollective'] } = behaviour;
    const folder = join(this.#folder, identity);
    mkdirSync(folder, { recursive: true });
    const files = { facts: join(folder, 'facts.json'), classes: join(folder, 'classes.txt') };
    writeFileSync(files.facts, JSON.stringify(facts));
    writeFileSync(files.classes, classes.join('\n'));
    const config = parseDaemonConfig(
      JSON.stringify({
        identity,
        security: { mode: 'none' },
        state_dir: folder,
        facts: { paths: [files.facts] },
        classes_file: files.classes,
        collectives,
      }),
    );
    const daemon = await startDaemon({
      config,
      configFile: 'none',
      log: silentLogger,
      agents: hasAgent ? [this.#agent(identity)] : [],
      connect: ({ will }) => this.#counted(this.#broker.connect({ will })),
    });
    this.#daemons.set(identity, daemon);
  }

  /** Ends the daemon; its Puppet run goes on. */
  async stop(identity: string): Promise<void> {
    const daemon = this.#daemons.get(identity);
    this.#daemons.delete(identity);
    await daemon?.close();
  }

  runsOf(identity: string): readonly Run[] {
    return this.runs.filter(({ node }) => node === identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.close()));
    await Promise.all(this.runs.map(({ end }) => end));
    await rm(this.#folder, { recursive: true });
  }

  #counted<T extends Transport>(transport: T): T {
    const publish = transport.publish.bind(transport);
    transport.publish = (...message) => {
      this.messages += 1;
      return publish(...message);
    };
    return transport;
  }

  #agent(identity: string) {
    const now = () => Math.floor(Date.now() / 1000);
    return defineAgent(ddl, () => ({
      status: () => {
        const { enabled = true, applying = false, server = 'puppet', began = 0 } = this.behaviour(identity);
        return {
          enabled,
          applying,
          server,
          lastrun_began: began,
          message: 'stopped; has never run',
          lastrun_outcome: identity === 'db1' ? 'no-catalog' : 'never',
          status: 'stopped',
        };
      },
      runonce: async ({ min_age }, { requestId, signal }) => {
        this.requests += 1;
        const behaviour = this.behaviour(identity);
        const { enabled = true, began = 0 } = behaviour;
        if (!enabled) throw new ActionError('Puppet is disabled', 1, { data: { outcome: 'disabled' } });
        if ((behaviour.refuses ?? 0) > 0) {
          behaviour.refuses = (behaviour.refuses ?? 0) - 1;
          throw new ActionError('Puppet is already applying a catalog', 1, {
            data: { outcome: 'already-running' },
          });
        }
        if (min_age !== undefined && now() - began < min_age)
          return { outcome: 'recent', summary: 'ran already', initiated_at: began, run_id: '' };
        behaviour.began = now();
        const run = this.#begin(identity, requestId, behaviour);
        return this.#end(run, signal);
      },
      follow: async ({ run_id }, { signal }) => {
        const run = this.runs.find(({ id, node }) => id === run_id && node === identity);
        if (!run) throw new ActionError('no such run', 1, { data: { outcome: 'unknown-run' } });
        return this.#end(run, signal);
      },
      enable: () => ({ enabled: true }),
      disable: ({ message }) => ({ enabled: false, status: message ?? '' }),
      last_run_summary: () =>
        identity === 'db1'
          ? { lastrun_outcome: 'no-catalog', total_resources: null, failed_resources: null, total_time: null }
          : { lastrun_outcome: 'changed', total_resources: 4, failed_resources: 0, total_time: 1.5 },
      resource: ({ type, name, noop, ...properties }) => ({
        result: `${type}[${name}] ${JSON.stringify(properties)}`,
        changed: noop !== true,
      }),
    }));
  }

  #begin(node: string, id: string, { server = 'puppet', takes = 20, until }: Behaviour): Run {
    const count = (key: string, by: number) => {
      const at = (this.#at.get(key) ?? 0) + by;
      this.#at.set(key, at);
      this.most.set(key, Math.max(this.most.get(key) ?? 0, at));
    };
    for (const key of ['all', server]) count(key, 1);
    const end = (until ?? new Promise<void>((resolve) => setTimeout(resolve, takes))).then(() => {
      for (const key of ['all', server]) count(key, -1);
    });
    const run = { id, node, began: Date.now(), end };
    this.runs.push(run);
    return run;
  }

  async #end({ id, node, end, began }: Run, signal: AbortSignal) {
    const stopped = new Promise<'stopped'>((resolve) =>
      signal.addEventListener('abort', () => resolve('stopped')),
    );
    if ((await Promise.race([end, stopped])) === 'stopped')
      throw new ActionError('mcod is shutting down; the Puppet run continues');
    const { outcome = 'unchanged' } = this.behaviour(node);
    const initiated_at = Math.floor(began / 1000);
    const data = { outcome, run_id: id, initiated_at, summary: `it is ${outcome}` };
    if (outcome === 'changed' || outcome === 'unchanged') return data;
    throw new ActionError(`it is ${outcome}`, 1, { data });
  }
}
