import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { type ConfigOf, messageOf, optionalSection } from '@troupe/core';
import { oneLine } from '@troupe/core/internal';
import { unsafeFault } from '@troupe/core/trusted-path';
import { CapturedOutput, NotStartedError, runProgram } from '@troupe/host';
import { DeliveryError } from '../delivery-error.js';
import { configFault } from '../section/config-fault.js';
import { timeout } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { structureOf } from '../structure.js';
import { asIs } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import type { Letter, Protocol, ProtocolKind } from './protocol.js';

/** Bytes of its standard error that are kept. */
const maxStderr = 4096;

const schema = optionalSection(
  {
    programs: namedSchema(
      optionalSection(
        {
          command: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', minLength: 1 },
            description: 'Absolute path of the program, and its arguments.',
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

/** The programs by the names that callers use. */
export type ExecConfig = ConfigOf<typeof schema>;

/** A program provided by the operator. */
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
  const stderr = new CapturedOutput(maxStderr);
  const what = `Program "${name}"`;
  const end = await runProgram({
    command: program,
    args,
    // What the daemon has in its environment is its own.
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    input: `${structureOf(notification, { subject, message: body })}\n`,
    stderr,
    // Further output is discarded: it does not end the program.
    mostOutput: Number.POSITIVE_INFINITY,
    timeLimit: timeoutSeconds * 1000,
    // A caller that cancels a delivery waits half a second at most.
    killGrace: 0,
    signal,
  }).catch((error: unknown) => {
    if (signal.aborted) throw new DeliveryError(`Delivery to program "${name}" was cancelled`);
    if (!(error instanceof NotStartedError)) throw error;
    throw new DeliveryError(`Cannot run program "${name}": ${error.message}`, { cause: error });
  });
  if (end.exceeded === 'time') throw new DeliveryError(`${what} timed out after ${timeoutSeconds} s`);
  if (end.code === 0) return;
  const how = end.code === null ? `killed by ${end.signal}` : `exit code ${end.code}`;
  const why = stderr.text === '' ? '' : `: ${oneLine(stderr.text, 200)}`;
  throw new DeliveryError(`${what} failed: ${how}${why}`, { isFinal: isFinal(end.code) });
}

// sysexits.h, as mail systems read it: all but "try again" is for good.
function isFinal(exitCode: number | null): boolean {
  return exitCode !== null && exitCode >= 64 && exitCode <= 78 && exitCode !== 75;
}

function checkProgram(program: string, key: string): void {
  if (!isAbsolute(program)) throw configFault(key, `${program} is not an absolute path`);
  try {
    accessSync(program, constants.X_OK);
  } catch (cause) {
    throw configFault(key, messageOf(cause), cause);
  }
  if ((statSync(program).mode & 0o022) !== 0)
    throw configFault(key, `${program} is writable by other users: run chmod go-w ${program}`);
  const fault = unsafeFault(program);
  if (fault !== undefined) throw configFault(key, fault);
}
