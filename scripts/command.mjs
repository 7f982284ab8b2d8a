import { spawn } from 'node:child_process';
import { once } from 'node:events';

const HEAD_LINES = 8;
const TAIL_LINES = 16;

// Some commands say what is wrong first, some last; npm ends with its manual.
function ends(lines) {
  if (lines.length <= HEAD_LINES + TAIL_LINES) return lines;
  return [...lines.slice(0, HEAD_LINES), '…', ...lines.slice(-TAIL_LINES)];
}

/** A command of the set-up did not do its work: one line which names it, then the ends of what it printed. */
export class CommandFailed extends Error {
  name = 'CommandFailed';

  constructor(command, how, output) {
    const lines = output.split('\n').filter((line) => line.trim() !== '');
    super([`${command}: ${how}`, ...ends(lines).map((line) => `  | ${line}`)].join('\n'));
  }
}

/** Somebody pressed Ctrl-C, or ended us with a signal. */
export class Interrupted extends Error {
  name = 'Interrupted';

  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/**
 * Holds off SIGINT and SIGTERM while a child works: `received` tells which one came. Only SIGTERM needs passing
 * on, by `terminate`: a Ctrl-C reaches the child from the terminal, and a second one would cut its cleaning up.
 */
export function onSignal(terminate) {
  const signals = { received: undefined, release: () => {} };
  const interrupt = () => {
    signals.received = 'SIGINT';
  };
  const end = () => {
    signals.received = 'SIGTERM';
    terminate();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', end);
  signals.release = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', end);
  };
  return signals;
}

/** Runs a command without standard input and resolves to what it printed; throws CommandFailed or Interrupted. */
export async function run(command, args, options = {}) {
  const line = [command, ...args].join(' ');
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const signals = onSignal(() => child.kill('SIGTERM'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
    });
  }
  try {
    const [code, signal] = await once(child, 'close');
    if (signals.received) throw new Interrupted(signals.received);
    if (code !== 0) throw new CommandFailed(line, signal ? `killed by ${signal}` : `exit ${code}`, output);
    return output;
  } catch (error) {
    if (error.syscall === undefined) throw error;
    const how = error.code === 'ENOENT' ? `${command} is not installed` : error.message;
    throw new CommandFailed(line, how, output);
  } finally {
    signals.release();
  }
}
