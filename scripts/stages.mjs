import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interrupted, onSignal } from './command.mjs';

// Mocha does not end while a test has left something open: a server, a process, a timer.
const LEFT_OPEN_SECONDS = 20;

/**
 * Runs a program of a stage, its output being ours; resolves to what is wrong with its end, if anything is.
 * `started` gets the process and returns what to call at its end. Throws Interrupted.
 */
export async function runStage(args, { cwd, started } = {}) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  const finished = started?.(child);
  // Mocha runs the hooks that clean up after a SIGINT, and dies of a SIGTERM.
  const signals = onSignal(() => child.kill('SIGINT'));
  try {
    const [code, signal] = await once(child, 'close');
    if (signals.received) throw new Interrupted(signals.received);
    if (signal) return `killed by ${signal}`;
    return code === 0 ? undefined : `exit ${code}`;
  } finally {
    signals.release();
    finished?.();
  }
}

/** Kills a mocha that has written its result and does not end. */
function killWhenStuck(child, file, seconds, onKill) {
  let killing;
  const polling = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(polling);
    killing = setTimeout(() => {
      onKill();
      child.kill('SIGKILL');
    }, seconds * 1000);
  }, 250);
  return () => {
    clearInterval(polling);
    clearTimeout(killing);
  };
}

/** Runs mocha with our reporter: its counts, and the problems that these do not tell. */
export async function runMocha(args, { cwd, mocha, reporter, leftOpenSeconds = LEFT_OPEN_SECONDS }) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const file = join(folder, 'result.json');
  const options = ['--forbid-only', '--reporter', reporter, '--reporter-option', `result=${file}`];
  let leftOpen = false;
  const started = (child) =>
    killWhenStuck(child, file, leftOpenSeconds, () => {
      leftOpen = true;
    });
  try {
    const end = await runStage(['--enable-source-maps', mocha, ...options, ...args], { cwd, started }).catch(
      (error) => {
        if (error instanceof Interrupted) return error.message;
        throw error;
      },
    );
    const isWhole = existsSync(file);
    const counts = isWhole ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
    const ran = counts.passed + counts.failed + counts.skipped;
    if (leftOpen) return { counts, problem: `mocha did not end: a test left something open` };
    if (!isWhole) return { counts, problem: `mocha ended early: ${end ?? 'exit 0'}` };
    if (ran === 0) return { counts, problem: 'no test ran' };
    if (end && (counts.failed === 0 || end.startsWith('interrupted'))) return { counts, problem: end };
    return { counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
