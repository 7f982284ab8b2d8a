import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onLine, TroupeError } from '@troupe/core';
import { isText, outputOf, textStream } from '@troupe/core/internal';
import { type BrokerConfigInput, checkBrokerConfig } from './config.js';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const readyMilliseconds = 30_000;
const stopMilliseconds = 10_000;

export interface SpawnOptions {
  /** Called with each line of the broker's log; without it they go to standard error, in the format for that. */
  readonly onLog?: (line: string) => void;
  /** MiB of JavaScript heap, beyond which the process ends; Node's own limit otherwise. */
  readonly memory?: number;
}

/** A broker in a process of its own, which ends at the latest when this process does. */
export interface SpawnedBroker {
  /** Where it listens; the same after a restart. */
  readonly urls: readonly string[];
  /** The first of `urls`. */
  readonly url: string;
  /** Of the running process, or of the last one. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Lets it end in order. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it on the same addresses. Throws as spawnBroker does. */
  restart(): Promise<void>;
  /** Has it read its certificates and revocation lists again. */
  reload(): void;
}

/** Starts `troupe-broker` as a child process. Throws CONFIG_INVALID, or BROKER_UNREACHABLE with what it said. */
export async function spawnBroker(
  config: BrokerConfigInput,
  options: SpawnOptions = {},
): Promise<SpawnedBroker> {
  checkBrokerConfig(config);
  const broker = new BrokerProcess(config, options);
  await broker.start();
  return broker;
}

class BrokerProcess implements SpawnedBroker {
  readonly #options: SpawnOptions;
  #config: BrokerConfigInput;
  #child: ChildProcess | undefined;
  #pid = 0;

  constructor(config: BrokerConfigInput, options: SpawnOptions) {
    this.#config = config;
    this.#options = options;
  }

  get urls(): readonly string[] {
    return this.#config.listen;
  }

  get url(): string {
    return this.#config.listen[0] ?? '';
  }

  get pid(): number {
    return this.#pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  async start(): Promise<void> {
    const { memory, onLog } = this.#options;
    const logged = onLog ?? forwardLog(this.#config);
    const flags = memory === undefined ? [] : [`--max-old-space-size=${memory}`];
    const child = spawn(process.execPath, [...flags, main, '--config', '-'], { stdio: 'pipe' });
    this.#child = child;
    this.#pid = child.pid ?? 0;
    child.once('close', () => {
      if (this.#child === child) this.#child = undefined;
    });
    let lastLine = '';
    child.on('error', (error) => {
      lastLine = error.message;
    });
    onLine(child.stderr, (line) => {
      lastLine = line;
      logged(line);
    });
    // It ended before it read its configuration; the end itself tells why.
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${JSON.stringify(onLog ? this.#config : withJsonLog(this.#config))}\n`);
    const ready = await readyLine(child);
    if (ready === undefined) {
      child.kill('SIGKILL');
      throw new TroupeError(
        'BROKER_UNREACHABLE',
        `the broker did not start: ${lastLine || 'it printed nothing'}`,
      );
    }
    this.#config = { ...this.#config, listen: (JSON.parse(ready) as { urls: string[] }).urls };
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const closed = once(child, 'close');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMilliseconds);
    child.kill('SIGTERM');
    await closed.finally(() => clearTimeout(timer));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  reload(): void {
    this.#child?.kill('SIGHUP');
  }
}

// Its standard error is a pipe, whatever that of this process is: what comes there becomes text here.
function withJsonLog(config: BrokerConfigInput): BrokerConfigInput {
  return { ...config, log: { ...config.log, format: 'json' } };
}

function forwardLog({ log: { level, format = 'auto' } = {} }: BrokerConfigInput): (line: string) => void {
  const output = outputOf(2);
  const stream = isText(format, output)
    ? textStream(process.stderr, {
        hasPriority: output === 'journal',
        hasStacks: () => level === 'debug' || level === 'trace',
      })
    : process.stderr;
  return (line) => stream.write(`${line}\n`);
}

// The first line of its standard output; nothing where it ends before, or takes too long.
async function readyLine(child: ChildProcess): Promise<string | undefined> {
  const { stdout } = child;
  if (!stdout) return undefined;
  const signal = AbortSignal.timeout(readyMilliseconds);
  const ended = once(child, 'close', { signal }).then(() => undefined);
  const line = new Promise<string>((resolve) => onLine(stdout, resolve));
  return Promise.race([line, ended]).catch(() => undefined);
}
