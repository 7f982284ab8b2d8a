import type { RunningProcess } from '../processes/process.js';
import type { TestBroker } from './broker.js';

export interface ServersOptions {
  readonly nodeUrls: readonly string[];
  readonly callerUrls?: readonly string[];
  readonly newcomerUrls?: readonly string[];
  readonly escape: boolean;
  /** How to start each server; resolves when it listens. */
  readonly servers: readonly (() => Promise<RunningProcess>)[];
  /** Resolves when all servers together are ready. */
  readonly ready?: () => Promise<void>;
  /** What runs beside the servers and ends after them. */
  readonly beside?: readonly RunningProcess[];
}

/** Starts the servers of a broker. */
export async function startServers(options: ServersOptions): Promise<TestBroker> {
  const broker = new Servers(options);
  try {
    await broker.restart();
    return broker;
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

class Servers implements TestBroker {
  readonly nodeUrls: readonly string[];
  readonly callerUrls: readonly string[];
  readonly newcomerUrls: readonly string[];
  readonly escape: boolean;
  readonly #options: ServersOptions;
  readonly #running: (RunningProcess | undefined)[];

  constructor(options: ServersOptions) {
    this.#options = options;
    this.nodeUrls = options.nodeUrls;
    this.callerUrls = options.callerUrls ?? options.nodeUrls;
    this.newcomerUrls = options.newcomerUrls ?? options.nodeUrls;
    this.escape = options.escape;
    this.#running = options.servers.map(() => undefined);
  }

  get #alive(): RunningProcess[] {
    return this.#running.filter((server) => server?.isRunning) as RunningProcess[];
  }

  get pids(): readonly number[] {
    return this.#alive.map(({ pid }) => pid);
  }

  get output(): string {
    return this.#running.map((server) => server?.output ?? '').join('');
  }

  async kill(server?: number): Promise<void> {
    const chosen = server === undefined ? this.#running : [this.#running[server]];
    await Promise.all(chosen.map((each) => each?.stop({ signal: 'SIGKILL' })));
  }

  async restart(): Promise<void> {
    const started = this.#options.servers.map(async (start, index) => {
      if (!this.#running[index]?.isRunning) this.#running[index] = await start();
    });
    await Promise.all(started);
    await this.#options.ready?.();
  }

  // Nothing that a test broker keeps is worth an orderly end, which takes RabbitMQ several seconds.
  async stop(): Promise<void> {
    await this.kill();
    for (const process of this.#options.beside ?? []) await process.stop({ signal: 'SIGKILL' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
