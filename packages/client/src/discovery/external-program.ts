import { once } from 'node:events';
import { closeSync, constants } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { emptyFilter, type Filter, messageOf, printExpression, TroupeError } from '@troupe/core';
import { openPipes, type Pipe } from '@troupe/core/pipe';
import { checkTrustedAsRoot, programFile } from '@troupe/core/trusted-path';
import { identityAt } from './list-text.js';
import type { NodeSource } from './node-source.js';

/** A program that knows nodes. */
export interface ExternalProgramOptions {
  /** An absolute path, or a name that `PATH` has; no shell reads it. */
  readonly command: string;
  readonly args?: readonly string[];
  /** What the program gets as options of its own. */
  readonly options?: Readonly<Record<string, string>>;
  /** Seconds; 30 unless told. */
  readonly timeout?: number;
}

const requestProtocol = 'io.choria.choria.discovery.v1.external_request';
const replyProtocol = 'io.choria.choria.discovery.v1.external_reply';
const requestSchema = 'https://choria.io/schemas/choria/discovery/v1/external_request.json';
const mostBytes = 64 * 1024 * 1024;
/** Bytes of each of its outputs; what a program says is for its author, the nodes come in a file. */
const mostOutput = 1024 * 1024;

/** Milliseconds in which what it wrote is read after its end; its children may hold the pipes for ever. */
const pipeGrace = 500;

/**
 * The nodes that a program finds, by Choria's protocol for external discovery: it reads the filter from one file, and
 * writes the nodes into another. It judges the whole filter.
 */
export function externalProgram(options: ExternalProgramOptions): NodeSource {
  const { command } = options;
  return {
    name: 'external',
    find: async ({ filter, collective, signal }) => {
      const reply = await run(options, { filter, collective, ...(signal && { signal }) });
      const { protocol, nodes, error } = reply;
      if (typeof error === 'string' && error !== '') throw failed(command, `failed: ${error.slice(0, 500)}`);
      if (protocol !== undefined && protocol !== replyProtocol)
        throw failed(
          command,
          `replied with the protocol ${JSON.stringify(protocol)}; expected ${replyProtocol}`,
        );
      if (!Array.isArray(nodes)) throw failed(command, 'wrote a reply without the list "nodes"');
      const names = nodes.map((name, index) => identityAt(name, `${command}: nodes[${index}]`));
      return { nodes: [...new Set(names)].map((identity) => ({ identity })), rest: emptyFilter };
    },
  };
}

async function run(
  { command, args = [], options = {}, timeout = 30 }: ExternalProgramOptions,
  { filter, collective, signal }: { filter: Filter; collective: string; signal?: AbortSignal },
): Promise<Readonly<Record<string, unknown>>> {
  checkTrustedAsRoot(programFile(command), 'the discovery program');
  const folder = await mkdtemp(join(tmpdir(), 'troupe-discovery-'));
  const [question, answer] = [join(folder, 'request.json'), join(folder, 'reply.json')];
  const request = {
    $schema: requestSchema,
    protocol: requestProtocol,
    collective,
    filter: choriaFilter(filter),
    options,
    timeout,
  };
  try {
    await writeFile(question, JSON.stringify(request), { mode: 0o600 });
    await writeFile(answer, '', { mode: 0o600 });
    // A hundred and fifty files, which nobody else needs.
    const { execa } = await import('execa');
    const pipes = (await openPipes(['read', 'read'])) ?? [];
    const [out, err] = pipes;
    const running = execa(command, [...args, question, answer, requestProtocol], {
      cwd: folder,
      extendEnv: false,
      env: {
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        CHORIA_EXTERNAL_REQUEST: question,
        CHORIA_EXTERNAL_REPLY: answer,
        CHORIA_EXTERNAL_PROTOCOL: requestProtocol,
      },
      stdio: ['ignore', targetOf(out), targetOf(err)],
      timeout: timeout * 1000,
      forceKillAfterDelay: 2000,
      maxBuffer: mostOutput,
      reject: false,
      ...(signal && { cancelSignal: signal }),
    });
    for (const { theirs } of pipes) closeSync(theirs);
    let isFlooded = false;
    const flood = () => {
      isFlooded = true;
      running.kill();
    };
    const [, said] = pipes.map((pipe) => textOf(pipe, flood));
    const end = await running;
    await Promise.race([Promise.all(pipes.map(ended)), delay(pipeGrace)]);
    for (const { ours } of pipes) ours.destroy();
    signal?.throwIfAborted();
    if (end.timedOut) throw failed(command, `did not exit within ${timeout} s`);
    if (isFlooded || end.isMaxBuffer) throw failed(command, 'wrote too much output and was stopped');
    if (end.failed) {
      const how = end.exitCode === undefined ? end.originalMessage : `exited with code ${end.exitCode}`;
      const last = (said?.() ?? end.stderr ?? '').trim().split('\n').at(-1);
      throw failed(command, `${how}${last ? `: ${last.slice(0, 500)}` : ''}`);
    }
    return await readReply(command, answer);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// Any descriptor will do, but the types of execa know none.
function targetOf(pipe: Pipe | undefined): 'pipe' {
  return (pipe?.theirs ?? 'pipe') as 'pipe';
}

// What comes through a pipe, up to the limit.
function textOf({ ours }: Pipe, flooded: () => void): () => string {
  const chunks: Buffer[] = [];
  let left = mostOutput;
  ours.on('data', (chunk: Buffer) => {
    if (left > 0) chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left < 0) flooded();
  });
  // A pipe that breaks ends with its program, which says how it ended.
  ours.on('error', () => {});
  return () => Buffer.concat(chunks).toString('utf8');
}

async function ended({ ours }: Pipe): Promise<void> {
  if (!ours.closed) await once(ours, 'close');
}

async function readReply(command: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readBounded(file);
  } catch (cause) {
    throw failed(command, `wrote a reply that cannot be read: ${messageOf(cause)}`, cause);
  }
  if (text.trim() === '') throw failed(command, 'exited without writing a reply');
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw failed(command, 'wrote a reply that is not valid JSON', cause);
  }
}

// The program may have put anything in the place of its reply: a pipe, a link to a device.
async function readBounded(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new Error('it is not a file');
    if (status.size > mostBytes) throw new Error(`it has ${status.size} bytes; the limit is ${mostBytes}`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

// The names of Choria's filter.
function choriaFilter({ facts, classes, agents, identities, compound }: Filter) {
  return {
    fact: facts,
    cf_class: classes,
    agent: agents,
    identity: identities,
    compound: compound.map((expression) => [{ expr: printExpression(expression) }]),
  };
}

function failed(command: string, how: string, cause?: unknown): TroupeError {
  return new TroupeError('DISCOVERY_FAILED', `the discovery program ${command} ${how}`, { cause });
}
