import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { whereIs } from './installed.js';
import { onExit } from './on-exit.js';
import { sendSignal, signalTarget } from './process-tree.js';

export interface ProcessOptions {
  /** Words put before the command, such as the prefix of a host. */
  prefix?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Whether it gets the environment of this process too; true unless told. */
  extendEnv?: boolean;
  cwd?: string;
}

/** How a process ended: its exit code, or the signal that killed it. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export type LineTest = string | RegExp | ((line: string) => boolean);

/** Starts a process of its own group that is killed, at the latest, when this process ends. */
export function startProcess(
  command: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): RunningProcess {
  const argv = [...(options.prefix ?? []), command, ...args];
  const [file, ...rest] = dyingWithParent(argv);
  const child = execa(file, rest, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    extendEnv: options.extendEnv ?? true,
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    // Ctrl-C on a terminal is for the owner, who then stops the processes in order.
    detached: true,
    cleanup: false,
  });
  if (child.pid === undefined) throw new Error(`Cannot start ${argv.join(' ')}`);
  const exit = once(child.nodeChildProcess, 'exit').then(([code, signal]): ProcessExit => ({ code, signal }));
  return new RunningProcess(argv.join(' '), child.pid, exit, child.all);
}

/** The words that run a command so that the kernel kills it when its parent dies, where the system knows how. */
export function dyingWithParent(argv: readonly string[]): [string, ...string[]] {
  const [file = '', ...rest] = argv;
  const setpriv = whereIs('setpriv');
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', file, ...rest] : [file, ...rest];
}

/** A process that runs beside the test, with what it printed. */
export class RunningProcess implements AsyncDisposable {
  /** The process that was started: the command, or the nsenter that waits for it. */
  readonly pid: number;
  /** Resolves, never rejects, when it has ended and its last lines are here. */
  readonly exited: Promise<ProcessExit>;
  readonly #command: string;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  #exit: ProcessExit | undefined;

  constructor(command: string, pid: number, exit: Promise<ProcessExit>, output: Readable) {
    this.#command = command;
    this.pid = pid;
    createInterface({ input: output }).on('line', (line) => {
      this.#lines.push(line);
      for (const listener of [...this.#listeners]) listener(line);
    });
    const forget = onExit(() => this.#killNow());
    const drained = once(output, 'close');
    this.exited = exit.then(async (how) => {
      this.#exit = how;
      forget();
      // A grandchild may hold the pipe for ever.
      await Promise.race([drained, delay(500, undefined, { ref: false })]);
      return how;
    });
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** What it printed so far, on standard output and standard error. */
  get output(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** Hears each line that it prints from now on, until the result is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first line that passes the test, printed already or yet to come; rejects if it ends or time is up. */
  async waitForLine(test: LineTest, options: { timeoutSeconds?: number } = {}): Promise<string> {
    const { timeoutSeconds = 30 } = options;
    const passes = predicate(test);
    const seen = this.#lines.find(passes);
    if (seen !== undefined) return seen;
    const over = new AbortController();
    let stopListening = () => {};
    const found = new Promise<string>((resolve) => {
      stopListening = this.onLine((line) => passes(line) && resolve(line));
    });
    try {
      const line = await Promise.race([
        found,
        this.exited.then(() => undefined),
        delay(timeoutSeconds * 1000, undefined, { signal: over.signal }),
      ]);
      if (line !== undefined) return line;
      throw new Error(`${this.#describe(timeoutSeconds)} without printing ${test}:\n${this.#tail()}`);
    } finally {
      stopListening();
      over.abort();
    }
  }

  /** Sends a signal to the command; false when it has ended already. */
  kill(signal: NodeJS.Signals): boolean {
    return this.isRunning && sendSignal(signalTarget(this.pid), signal);
  }

  /** Ends it: the signal (SIGTERM unless told), and after `timeoutSeconds` (10 unless told) SIGKILL for its group. */
  async stop(options: { signal?: NodeJS.Signals; timeoutSeconds?: number } = {}): Promise<ProcessExit> {
    this.kill(options.signal ?? 'SIGTERM');
    const patience = new AbortController();
    const timer = delay((options.timeoutSeconds ?? 10) * 1000, undefined, { signal: patience.signal });
    await Promise.race([this.exited, timer]);
    patience.abort();
    this.#killNow();
    return this.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop().then(() => {});
  }

  #killNow(): void {
    if (this.#exit) return;
    const target = signalTarget(this.pid);
    sendSignal(target, 'SIGKILL');
    sendSignal(-this.pid, 'SIGKILL');
  }

  #describe(timeoutSeconds: number): string {
    if (!this.#exit) return `${this.#command} ran for ${timeoutSeconds} s`;
    return `${this.#command} ended (${this.#exit.signal ?? `exit code ${this.#exit.code}`})`;
  }

  #tail(): string {
    return this.#lines.slice(-20).join('\n') || '(it printed nothing)';
  }
}

function predicate(test: LineTest): (line: string) => boolean {
  if (typeof test === 'function') return test;
  return typeof test === 'string' ? (line) => line.includes(test) : (line) => test.test(line);
}
