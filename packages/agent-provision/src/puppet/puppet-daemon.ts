import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Puppet } from '@troupe/agent-puppetd/puppet';
import { NotStartedError, runProgram } from '@troupe/host';
import { ProvisionError } from '../provision-error.js';

export interface Daemonized {
  /** A description of what was done. */
  readonly output: string;
  /** Null where nothing had to be started. */
  readonly exitCode: number | null;
}

const commandTimeoutMs = 45_000;
const patienceMs = 10_000;

/**
 * Starts Puppet's agent as a daemon, by `command` (such as that of a service) or by Puppet itself. Throws where the
 * command fails, or if Puppet's own daemon does not appear.
 */
export async function daemonizePuppet(options: {
  readonly puppet: Puppet;
  readonly command: readonly string[] | undefined;
  readonly stateDir: string;
  readonly signal: AbortSignal;
}): Promise<Daemonized> {
  const { puppet, signal } = options;
  const already = await puppet.daemonPid();
  if (already !== undefined)
    return { output: `The Puppet daemon is already running (process ${already})`, exitCode: null };
  const { command, confdir, extraArgs } = puppet.config;
  const own = [...command, 'agent', ...(confdir === undefined ? [] : ['--confdir', confdir]), ...extraArgs];
  const words = options.command ?? own;
  const { exitCode, output } = await runToEnd(words, puppet.config.env, options);
  const said = `${words.join(' ')}: exit code ${exitCode}${output && `\n${output}`}`;
  const data = { output: said, exitcode: exitCode };
  if (exitCode !== 0)
    throw new ProvisionError(`${words.join(' ')} failed with exit code ${exitCode}`, { data });
  // A service manager answers for its services itself.
  if (options.command) return { output: said, exitCode };
  const pid = await appearing(puppet, signal);
  if (pid !== undefined)
    return { output: `${said}\nThe Puppet daemon is running (process ${pid})`, exitCode };
  throw new ProvisionError(`${words.join(' ')} succeeded, but the Puppet daemon is not running`, { data });
}

// The output goes to a file: a daemon that keeps it open must not be waited for.
async function runToEnd(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  { stateDir, signal }: { readonly stateDir: string; readonly signal: AbortSignal },
): Promise<{ exitCode: number; output: string }> {
  const path = join(stateDir, 'daemonize.out');
  const file = await open(path, 'w', 0o600);
  try {
    const end = await runProgram({
      command: program,
      args,
      env,
      stdout: file.fd,
      stderr: file.fd,
      timeLimit: commandTimeoutMs,
      signal,
    }).catch((error: unknown) => {
      if (!(error instanceof NotStartedError)) throw error;
      throw new ProvisionError(error.message, { cause: error });
    });
    const output = (await readFile(path, 'utf8')).slice(-4000).trim();
    if (end.code !== null) return { exitCode: end.code, output };
    throw new ProvisionError(
      `${program} was terminated by ${end.signal} (time limit: ${commandTimeoutMs / 1000} s)`,
      {
        data: { output },
      },
    );
  } finally {
    await file.close();
  }
}

async function appearing(puppet: Puppet, signal: AbortSignal): Promise<number | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const pid = await puppet.daemonPid();
    if (pid !== undefined || performance.now() > deadline) return pid;
    await sleep(100, undefined, { signal });
  }
}
