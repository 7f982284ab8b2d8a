import { constants } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActionError, type Facts, type Logger, messageOf, Status } from '@troupe/core';
import { parseJson } from '@troupe/core/internal';
import { NotStartedError, type ProgramEnd, runProgram } from '@troupe/host';
import { OutputLog } from './output-log.js';
import { readProgress } from './progress.js';
import { rpcProtocol } from './protocol.js';

/** Bytes of a reply file. What is too large for one reply of the node is cut later, when the action has ended. */
const mostReplyBytes = 16 * 1024 * 1024;

/** Bytes of each output. A program that has work to do must not be stopped for what it prints, but one that never ends must. */
const mostOutput = 256 * 1024 * 1024;

export interface ExchangeOptions {
  readonly agent: string;
  readonly identity: string;
  /** The folder that the agent has for itself. */
  readonly stateDir: string;
  /** The agent's program, an absolute path. */
  readonly command: string;
  readonly protocol: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly facts: Facts;
  /** The path of the agent's configuration, or the lines to put into a file for it. */
  readonly config: { readonly file: string } | { readonly lines: string };
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly progress?: (data: unknown) => void;
  /** W3C Trace Context of the call. */
  readonly traceparent?: string | undefined;
}

/**
 * Runs an external agent once: a request in a file, a reply in a file, both in a folder of their own that is gone
 * afterwards. Throws an ActionError that says how the agent failed, or the signal's reason.
 */
export async function exchange(options: ExchangeOptions): Promise<unknown> {
  const { agent, identity, stateDir, command, request, facts, config, signal, log, progress, traceparent } =
    options;
  const folder = await mkdtemp(join(tmpdir(), `troupe-${agent}-`));
  const file = (name: string) => join(folder, name);
  try {
    // The reply file exists before the agent starts: libraries for this protocol insist on it.
    const texts = {
      'request.json': JSON.stringify(request),
      'reply.json': '',
      'facts.json': JSON.stringify(facts),
      ...('lines' in config && { 'config.cfg': config.lines }),
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(file(name), text, { mode: 0o600 });
    const env = {
      CHORIA_EXTERNAL_REQUEST: file('request.json'),
      CHORIA_EXTERNAL_REPLY: file('reply.json'),
      CHORIA_EXTERNAL_PROTOCOL: options.protocol,
      CHORIA_EXTERNAL_CONFIG: 'file' in config ? config.file : file('config.cfg'),
      CHORIA_EXTERNAL_FACTS: file('facts.json'),
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      TROUPE_EXTERNAL_IDENTITY: identity,
      TROUPE_EXTERNAL_STATE: stateDir,
      ...(progress && { TROUPE_EXTERNAL_PROGRESS: '3' }),
      ...(traceparent !== undefined && { TRACEPARENT: traceparent }),
    };
    // Choria's third argument is this one, also when it asks for activation.
    const args = [file('request.json'), file('reply.json'), rpcProtocol];
    const end = await started(agent, () =>
      runProgram({
        command,
        args,
        cwd: folder,
        env,
        stdout: new OutputLog('stdout', log),
        stderr: new OutputLog('stderr', log),
        mostOutput,
        signal,
        ...(progress && { channel: (stream) => readProgress(stream, progress, log) }),
      }),
    );
    return await replyAfter(agent, end, file('reply.json'));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
      log.warn({ folder, reason: messageOf(error) }, 'cannot remove the temporary folder of a request'),
    );
  }
}

async function started(agent: string, run: () => Promise<ProgramEnd>): Promise<ProgramEnd> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof NotStartedError)) throw error;
    throw failed(agent, `cannot be started: ${error.code}`, error);
  }
}

async function replyAfter(agent: string, end: ProgramEnd, file: string): Promise<unknown> {
  if (end.exceeded !== undefined)
    throw failed(agent, `wrote more than ${mostOutput} bytes of output and was stopped`);
  if (end.signal !== null) throw failed(agent, `was killed by ${end.signal}`);
  if (end.code === 0) return await readReply(agent, file);
  const reason = await reasonInReply(agent, file);
  throw failed(agent, `exited with code ${end.code}${reason ?? '; see its output in the log of the node'}`);
}

// Choria leaves a reply unread after an exit code; the reason in it is worth having all the same.
async function reasonInReply(agent: string, file: string): Promise<string | undefined> {
  try {
    const { statusmsg } = (await readReply(agent, file)) as { statusmsg?: unknown };
    return typeof statusmsg === 'string' && statusmsg !== '' ? `: ${statusmsg.slice(0, 2000)}` : undefined;
  } catch {
    return undefined;
  }
}

async function readReply(agent: string, file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readBounded(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw failed(agent, `wrote a reply that cannot be read: ${code ?? messageOf(error)}`, error);
  }
  if (text.trim() === '') throw failed(agent, 'exited without writing a reply');
  try {
    return parseJson(Buffer.from(text));
  } catch (error) {
    const why = messageOf(error).includes('nested') ? messageOf(error) : 'it is not JSON';
    throw failed(agent, `wrote an invalid reply: ${why}`, error);
  }
}

// The agent may have put anything in the place of its reply: a pipe, a link to a device.
async function readBounded(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new Error('it is not a regular file');
    if (status.size > mostReplyBytes) {
      throw new Error(`its ${status.size} bytes exceed the limit of ${mostReplyBytes}`);
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function failed(agent: string, how: string, cause?: unknown): ActionError {
  return new ActionError(`the external agent "${agent}" ${how}`, Status.aborted, { cause });
}
