import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { isErrno } from './durable-file.js';

/** A pipe between this process and a program. */
export interface Pipe {
  /** This process's end: it only reads or only writes. */
  readonly ours: Socket;
  /** The descriptor that the program gets: to be closed as soon as the program has it, or cannot be started. */
  readonly theirs: number;
}

/** What this process does with its end of a pipe. */
export type PipeUse = 'read' | 'write';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

// A FIFO would need a disk, and a program that opens /dev/stdin after its input was written would wait on it for ever.
/** A shell that can make pipes, and the redirection by which it does. */
export interface PipeMaker {
  readonly shell: string;
  readonly redirect: (fd: number) => readonly [words: string, document: string];
}

/** Here-documents are files in bash before 5.1, which may be `/bin/sh`. */
export const pipeMakers: readonly PipeMaker[] = [
  { shell: '/bin/sh', redirect: (fd) => [`${fd}<<END`, '\nEND\n'] },
  { shell: '/bin/bash', redirect: (fd) => [`${fd}< <(echo)`, ''] },
];

/**
 * Opens pipes to a program, as a shell does. What Node itself gives to programs are sockets, which cannot be opened by
 * name: `echo warning > /dev/stderr` fails on them. Node cannot make pipes, so a shell does. Nothing if no shell can, or
 * without /proc.
 */
export async function openPipes(
  uses: readonly PipeUse[],
  makers = pipeMakers,
): Promise<readonly Pipe[] | undefined> {
  if (uses.length === 0) return [];
  for (const { shell, redirect } of makers) {
    const redirects = uses.map((_, index) => redirect(index + 3));
    const begun = redirects.map(([words]) => words).join(' ');
    const emptied = uses.map((_, index) => `read -r line <&${index + 3} || exit`).join('\n');
    const documents = redirects.map(([, document]) => document).join('');
    const script = `exec ${begun}\n${documents}${emptied}\necho\nread -r line\n`;
    const helper = spawn(shell, ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' });
    const pipes = await pipesOf(helper, uses);
    if (pipes) return pipes;
  }
  return undefined;
}

async function pipesOf(helper: ChildProcess, uses: readonly PipeUse[]): Promise<readonly Pipe[] | undefined> {
  const { pid, stdin, stdout } = helper;
  for (const each of [helper, stdin, stdout]) each?.on('error', () => {});
  if (pid === undefined || !stdin || !stdout) return undefined;
  try {
    await Promise.race([once(stdout, 'data'), once(stdout, 'close').then(() => Promise.reject(noPipes))]);
    return openAll(
      uses,
      uses.map((_, index) => `/proc/${pid}/fd/${index + 3}`),
    );
  } catch (error) {
    if (error !== noPipes && !isErrno(error)) throw error;
    return undefined;
  } finally {
    stdin.destroy();
    stdout.destroy();
  }
}

const noPipes = new Error('the shell made no pipes');

function openAll(uses: readonly PipeUse[], files: readonly string[]): readonly Pipe[] {
  const open: number[] = [];
  const opened = (file: string, flags: number) => {
    const fd = openSync(file, flags);
    open.push(fd);
    if (!fstatSync(fd).isFIFO()) throw noPipes;
    return fd;
  };
  try {
    const ends = files.map((file, index) =>
      // The program's end must block, as programs expect.
      uses[index] === 'read'
        ? { ours: opened(file, O_RDONLY | O_NONBLOCK), theirs: opened(file, O_WRONLY) }
        : { ours: opened(file, O_WRONLY | O_NONBLOCK), theirs: opened(file, O_RDONLY) },
    );
    return ends.map(({ ours, theirs }, index) => {
      const readable = uses[index] === 'read';
      return { ours: new Socket({ fd: ours, readable, writable: !readable }), theirs };
    });
  } catch (error) {
    for (const fd of open) closeSync(fd);
    throw error;
  }
}
