import { execa } from 'execa';
import { dyingWithParent, type RunningProcess, startProcess } from '../processes/process.js';
import type { CommandOptions, CommandResult, ExecOptions } from './host.js';

/** How commands get on a host, and what they find there. */
export interface Entry {
  identity: string;
  prefix: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
}

/** Runs a command to its end, by way of the entry. */
export async function execOn(
  entry: Entry,
  command: string,
  args: readonly string[],
  options: ExecOptions,
): Promise<CommandResult> {
  const [file, ...rest] = dyingWithParent([...prefixFor(entry, options), command, ...args]);
  const result = await execa(file, rest, {
    env: { ...entry.env, ...options.env },
    extendEnv: false,
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    ...(options.timeoutSeconds === undefined ? {} : { timeout: options.timeoutSeconds * 1000 }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  const { exitCode, stdout, stderr, timedOut, isCanceled } = result;
  const isUnfinished = timedOut || isCanceled || exitCode === undefined;
  if (isUnfinished || (result.failed && options.reject !== false)) {
    const how = timedOut
      ? `timed out after ${options.timeoutSeconds} s`
      : `failed (${exitCode ?? result.signal})`;
    throw new Error(`${[command, ...args].join(' ')} on ${entry.identity} ${how}:\n${stderr || stdout}`, {
      cause: result,
    });
  }
  return { exitCode, stdout, stderr };
}

/** Starts a command that goes on, by way of the entry. */
export function spawnOn(
  entry: Entry,
  command: string,
  args: readonly string[],
  options: CommandOptions,
): RunningProcess {
  return startProcess(command, args, {
    prefix: prefixFor(entry, options),
    env: { ...entry.env, ...options.env },
    extendEnv: false,
  });
}

// The folder is a name on the host, so it is entered there. And once more: whoever enters a host may be killed
// before the command is, which must not outlive it.
function prefixFor(entry: Entry, options: CommandOptions): string[] {
  const [file, ...rest] = dyingWithParent(['env', '--chdir', options.cwd ?? entry.cwd]);
  return [...entry.prefix, file, ...rest];
}
