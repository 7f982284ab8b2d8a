import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Logger } from '@troupe/core';
import { logOutput } from './output-log.js';
import { readProgress } from './progress.js';

/** Milliseconds between asking a process group to end and ending it. */
const killGrace = 2000;
/** Milliseconds in which what a process has written is read after its end; its children may hold the pipes for ever. */
const pipeGrace = 500;

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Gets what it writes to standard output, which the log gets otherwise. */
  readonly output?: (bytes: Buffer) => void;
  /** Bytes on standard output or standard error after which it is stopped; 16 MiB unless told. */
  readonly mostOutput?: number;
  /** Gets the values of the JSON lines that the process writes to file descriptor 3, which is open only then. */
  readonly progress?: (data: unknown) => void;
}

/** How a process ended: with a code, or by a signal, and whether it was stopped because it wrote too much. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly flooded: boolean;
}

/**
 * Runs a program, without a shell, in a process group of its own, until it ends or `signal` fires, which ends the
 * whole group. Throws the signal's reason, or why the program cannot be started.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { command, args, cwd, env, signal, log, progress, output, mostOutput = 16 * 1024 * 1024 } = options;
  signal.throwIfAborted();
  const child = spawn(command, args, {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(progress ? (['pipe'] as const) : [])],
  });
  let flooded = false;
  const stop = () => stopGroup(child);
  const flood = () => {
    flooded = true;
    stop();
  };
  const [, stdout, stderr, channel] = child.stdio as (Readable | undefined)[];
  if (stdout && output) collect(stdout, output, mostOutput, flood);
  else if (stdout) logOutput(stdout, 'stdout', log, mostOutput, flood);
  if (stderr) logOutput(stderr, 'stderr', log, mostOutput, flood);
  const finish = channel && progress ? readProgress(channel, progress, log) : () => {};
  const closed = once(child, 'close').catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    finish();
    await within(pipeGrace, closed);
    signal.throwIfAborted();
    return { code, signal: by, flooded };
  } finally {
    signal.removeEventListener('abort', stop);
    for (const stream of [stdout, stderr, channel]) stream?.destroy();
  }
}

function collect(stream: Readable, output: (bytes: Buffer) => void, most: number, flooded: () => void): void {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= most) output(chunk);
    else flooded();
  });
  // A pipe that breaks ends with its process, which says how it ended.
  stream.on('error', () => {});
}

function stopGroup(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), killGrace);
  child.once('exit', () => {
    clearTimeout(timer);
    // Its children had their warning with it.
    signalGroup(child, 'SIGKILL');
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
