import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('run-tests.mjs', import.meta.url));

/** Processes that run tests and have not ended, each the leader of a group of its own. */
const running = new Set();

/**
 * Runs tests in a process of their own, in `folder`: what they answer, or `end` where they ended without, or `late`
 * where they did not end within `seconds`. Nothing that they started is left.
 */
export async function runTests(folder, order, { seconds, temp }) {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const child = fork(RUNNER, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...env, TMPDIR: temp },
  });
  running.add(child);
  let answer;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child);
  }, seconds * 1000);
  try {
    const end = await new Promise((resolve, reject) => {
      child.once('message', (message) => {
        answer = message;
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
      child.send(order);
    });
    if (answer) return answer;
    return isLate ? { late: true } : { end };
  } finally {
    clearTimeout(timer);
    killGroup(child);
    running.delete(child);
  }
}

/** Ends all that still runs. */
export function stopTests() {
  for (const child of running) killGroup(child);
}

function killGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
