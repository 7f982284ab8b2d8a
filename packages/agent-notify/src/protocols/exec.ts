import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConfigOf, messageOf, optionalSection } from '@troupe/core';
import { isErrno } from '@troupe/core/durable-file';
import { execa } from 'execa';
import { DeliveryError } from '../delivery-error.js';
import { configFault } from '../section/config-fault.js';
import { timeout } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { asIs } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { oneLine } from '../text/one-line.js';
import type { Letter, Protocol, ProtocolKind } from './protocol.js';

const MAX_TEXT = 4096;

const schema = optionalSection(
  {
    programs: namedSchema(
      optionalSection(
        {
          command: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', minLength: 1 },
            description: 'The program by its whole path, and its arguments, which are always the same.',
          },
          template: templateSchema,
        },
        'command',
      ),
    ),
    timeout: timeout(20),
    template: templateSchema,
  },
  'programs',
);

/** The programs by the names that callers know. */
export type ExecConfig = ConfigOf<typeof schema>;

/** A program of the operator's own. */
export type ProgramConfig = ExecConfig['programs'][string];

/** A program that gets the message as JSON on its standard input: `exec://NAME` for the program NAME. */
export const exec: ProtocolKind<typeof schema> = {
  schema,
  open: (config): Protocol => {
    for (const [name, { command }] of Object.entries(config.programs))
      checkProgram(command[0] ?? '', `exec.programs.${name}.command`);
    const find = finder('Program', config.programs);
    const own = withTemplates(layoutOf('{{message}}', asIs), config.template);
    return {
      layout: (name) => withTemplates(own, find(name).template),
      deliver: (letter, signal) => deliver(letter, find(letter.address), config.timeout, signal),
    };
  },
};

async function deliver(
  { address: name, subject, body, notification }: Letter,
  { command: [program = '', ...args] }: ProgramConfig,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { message: _, ...rest } = notification;
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const child = execa(program, args, {
    input: `${JSON.stringify({ ...rest, subject, message: body })}\n`,
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    cwd: '/',
    // What the daemon has in its environment is its own.
    extendEnv: false,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    // A group of its own, so that nothing that it started outlives its time.
    detached: true,
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, MAX_TEXT);
  });
  const stop = AbortSignal.any([signal, limit]);
  const kill = () => killGroup(child.pid);
  stop.addEventListener('abort', kill, { once: true });
  if (stop.aborted) kill();
  const end = await endOf(
    child.nodeChildProcess,
    child.then(({ cause }) => cause),
  );
  stop.removeEventListener('abort', kill);
  if (end.code === 0) return;
  const what = `Program "${name}"`;
  if (signal.aborted) throw new DeliveryError(`The delivery to program "${name}" was cancelled`);
  if (limit.aborted) throw new DeliveryError(`${what} took longer than ${timeoutSeconds} s`);
  const why = said === '' ? '' : `: ${oneLine(said, 200)}`;
  throw new DeliveryError(`${what} did not take the message: ${end.how}${why}`, {
    isFinal: isFinal(end.code),
  });
}

interface End {
  readonly code: number | undefined;
  readonly how: string;
}

// Not execa's own end, which would wait for whatever the program has left behind with its standard error.
async function endOf(child: Started, ended: Promise<unknown>): Promise<End> {
  const exited = new Promise<End>((resolve) => {
    child.once('exit', (code, signal) => {
      const how = code === null ? `killed by ${signal}` : `exit code ${code}`;
      resolve(lastWords(child.stderr).then(() => ({ code: code ?? undefined, how })));
    });
  });
  const notStarted = ended.then((cause): End | Promise<End> =>
    child.pid === undefined ? { code: undefined, how: oneLine(messageOf(cause)) } : exited,
  );
  return Promise.race([exited, notStarted]);
}

// What it said last may still be in the pipe, which something that it left behind may hold for ever.
async function lastWords(stderr: Readable | null): Promise<void> {
  if (!stderr || stderr.closed) return;
  const over = new AbortController();
  await Promise.race([once(stderr, 'close'), delay(500, undefined, { signal: over.signal })]);
  over.abort();
  stderr.destroy();
}

interface Started {
  readonly pid?: number | undefined;
  readonly stderr: Readable | null;
  once(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It may have ended by itself.
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

// sysexits.h, as mail systems read it: all but "try again" is for good.
function isFinal(exitCode: number | undefined): boolean {
  return exitCode !== undefined && exitCode >= 64 && exitCode <= 78 && exitCode !== 75;
}

function checkProgram(program: string, key: string): void {
  if (!isAbsolute(program)) throw configFault(key, `${program} is not a whole path`);
  try {
    accessSync(program, constants.X_OK);
  } catch (cause) {
    throw configFault(key, messageOf(cause), cause);
  }
  if ((statSync(program).mode & 0o022) !== 0)
    throw configFault(key, `${program} can be changed by others: chmod go-w ${program}`);
}
