import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { openPipes, type PipeUse } from '@troupe/core/pipe';
import type { OutputSink } from './output.js';
import { sendSignal } from './signal.js';

/** Milliseconds in which what a program has written is read after its end; its children may hold the pipes for ever. */
const pipeGrace = 500;

/** Milliseconds: a timer of more runs out at once. */
const longestTimer = 2 ** 31 - 1;

/** How a program is run. */
export interface ProgramOptions {
  /** A path, or a name that is looked for in the PATH of `env`; no shell reads it. */
  readonly command: string;
  readonly args?: readonly string[];
  /** `/` by default. */
  readonly cwd?: string;
  /** All of its environment: what this process has in its own is not passed on. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it can read from standard input, which is otherwise empty. */
  readonly input?: string;
  /**
   * Where its output goes; nowhere by default. An open file, given by its descriptor, stays with what the program
   * leaves running; a sink gets what comes until the program ends.
   */
  readonly stdout?: OutputSink | number;
  readonly stderr?: OutputSink | number;
  /** Gets file descriptor 3, which is open only then; the result is called when the program has ended. */
  readonly channel?: (stream: Readable) => () => void;
  /** Bytes to a sink on standard output or standard error after which it is stopped; 16 MiB by default. */
  readonly mostOutput?: number;
  /** Milliseconds after which it is stopped. */
  readonly timeLimit?: number;
  /** Milliseconds between asking its process group to end and killing it; 2000 by default, with 0 it is killed at once. */
  readonly killGrace?: number;
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** Makes its pipes: for tests of systems on which none can be made. */
  readonly pipes?: typeof openPipes;
}

/** How a program ended: with a code, or by a signal. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The limit for which it was stopped. */
  readonly exceeded: 'output' | 'time' | undefined;
}

/** There is no such program, or the system does not let it be run. */
export class NotStartedError extends Error {
  override readonly name = 'NotStartedError';
  /** The system's own word for why, such as ENOENT. */
  readonly code: string | undefined;

  constructor(command: string, cause: NodeJS.ErrnoException, cwd = '/') {
    // Node says the same where the folder is what is not there.
    const why = cause.code === 'ENOENT' && !existsSync(cwd) ? `the folder ${cwd} does not exist` : cause.code;
    super(`cannot start ${command}: ${why ?? cause.message}`, { cause });
    this.code = cause.code;
  }
}

/**
 * Runs a program in a process group of its own, until it ends, or is stopped: then with the whole group. What it leaves
 * running when it ends by itself stays, and is not waited for, although it may hold the pipes. Throws the signal's
 * reason, or NotStartedError.
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const { command, input, stdout, stderr, signal, timeLimit, killGrace = 2000 } = options;
  signal?.throwIfAborted();
  const notStarted = (cause: unknown): never => {
    throw new NotStartedError(command, cause as NodeJS.ErrnoException, options.cwd);
  };
  const plan = planOf(options);
  const pipes = await (options.pipes ?? openPipes)(plan.filter((use) => use === 'read' || use === 'write'));
  if (signal?.aborted) for (const { ours, theirs } of pipes ?? []) release(theirs, ours);
  signal?.throwIfAborted();
  let child: ChildProcess;
  let streams: readonly (Readable | Writable | null | undefined)[];
  try {
    child = start(options, plan, pipes);
    streams = streamsOf(child, plan, pipes);
  } catch (cause) {
    for (const { ours } of pipes ?? []) ours.destroy();
    return notStarted(cause);
  } finally {
    for (const { theirs } of pipes ?? []) closeSync(theirs);
  }
  const exited = once(child, 'exit').catch(notStarted);
  let exceeded: ProgramEnd['exceeded'];
  let isStopped = false;
  const stop = () => {
    if (isStopped || hasEnded(child)) return;
    isStopped = true;
    stopGroup(child, killGrace);
  };
  const flood = () => {
    exceeded ??= 'output';
    stop();
  };
  const expire = () => {
    if (!hasEnded(child)) exceeded ??= 'time';
    stop();
  };
  const [stdin, ...outputs] = streams;
  const [out, err, channel] = outputs as (Readable | null | undefined)[];
  const sinks = [...pour(out, stdout, options, flood), ...pour(err, stderr, options, flood)];
  const finish = channel ? options.channel?.(channel) : undefined;
  const closed = Promise.all([out, err, channel].map((stream) => stream && closeOf(stream)));
  // A program that does not read ends the pipe.
  if (stdin && 'end' in stdin) stdin.on('error', () => {}).end(input);
  const timer = timeLimit === undefined ? undefined : setTimeout(expire, Math.min(timeLimit, longestTimer));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const [code, by] = (await exited) as [number | null, NodeJS.Signals | null];
    finish?.();
    await within(pipeGrace, closed);
    signal?.throwIfAborted();
    return { code, signal: by, exceeded };
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(timer);
    for (const stream of streams) stream?.destroy();
    for (const sink of sinks) sink.end?.();
  }
}

/** What each descriptor of the program is: a pipe of which this process has the other end, an open file, or nothing. */
type Plan = readonly (PipeUse | number | 'ignore')[];

function planOf({ input, stdout, stderr, channel }: ProgramOptions): Plan {
  const output = (target: OutputSink | number | undefined) =>
    typeof target === 'number' ? target : target === undefined ? 'ignore' : 'read';
  return [
    input === undefined ? 'ignore' : 'write',
    output(stdout),
    output(stderr),
    ...(channel ? (['read'] as const) : []),
  ];
}

type Pipes = Awaited<ReturnType<typeof openPipes>>;

// Where no pipe can be made, Node makes a socket: that is better than no program.
function start(
  { command, args = [], cwd = '/', env }: ProgramOptions,
  plan: Plan,
  pipes: Pipes,
): ChildProcess {
  const left = pipes?.map(({ theirs }) => theirs);
  const stdio = plan.map((use) => (use === 'read' || use === 'write' ? (left?.shift() ?? 'pipe') : use));
  return spawn(command, args, { cwd, env: { ...env }, detached: true, stdio });
}

// There are none at all where this process has no file descriptor left.
function streamsOf(
  child: ChildProcess,
  plan: Plan,
  pipes: Pipes,
): readonly (Readable | Writable | null | undefined)[] {
  if (!pipes) return child.stdio ?? [];
  const left = pipes.map(({ ours }) => ours);
  return plan.map((use) => (use === 'read' || use === 'write' ? left.shift() : undefined));
}

function release(theirs: number, ours: { destroy(): unknown }): void {
  closeSync(theirs);
  ours.destroy();
}

function closeOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', () => resolve());
  });
}

function pour(
  stream: Readable | null | undefined,
  target: OutputSink | number | undefined,
  { mostOutput = 16 * 1024 * 1024 }: ProgramOptions,
  flooded: () => void,
): OutputSink[] {
  if (!stream || target === undefined || typeof target === 'number') return [];
  let left = mostOutput;
  stream.on('data', (chunk: Buffer) => {
    if (chunk.length > left) flooded();
    if (left > 0) target.write(chunk.length > left ? chunk.subarray(0, left) : chunk);
    left = Math.max(0, left - chunk.length);
  });
  // A pipe that breaks ends with its process, which says how it ended.
  stream.on('error', () => {});
  return [target];
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function stopGroup(child: ChildProcess, killGrace: number): void {
  const { pid } = child;
  if (pid === undefined) return;
  const kill = () => sendSignal(-pid, 'SIGKILL');
  if (killGrace === 0) {
    kill();
    return;
  }
  sendSignal(-pid, 'SIGTERM');
  const timer = setTimeout(kill, killGrace);
  child.once('exit', () => {
    clearTimeout(timer);
    // Its children had their warning with it.
    kill();
  });
}

async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
