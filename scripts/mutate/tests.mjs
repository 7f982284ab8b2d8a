import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('run-tests.mjs', import.meta.url));

/** Processes that run tests at the moment, each the leader of its process group. */
const running = new Set();

/**
 * Runs tests in a separate process, in `folder`: its answer, or `end` if it ended without one, or `late` if it began
 * no other test for `seconds`. Whatever the tests started is killed.
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
      child.on('message', (message) => {
        timer.refresh();
        if (message.failures) answer = message;
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

/** Kills all test runs. */
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
