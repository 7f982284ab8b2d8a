import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program that says on standard output that it is ready, and gives its process and that line. It ends when
 * `stop` is called, and at the latest with this process, whose end closes its standard input.
 */
export async function startPeer(file, args, options = {}) {
  const { node = true, ready = /./, env = {}, seconds = 120 } = options;
  const [command, words] = node ? [process.execPath, [file, ...args]] : [file, args];
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const kill = () => child.kill('SIGKILL');
  running.add(child);
  child.once('exit', () => running.delete(child));
  let tail = '';
  const line = await new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${file} was not ready within ${seconds} s: ${tail}`)),
      seconds * 1000,
    );
    const end = (code) => reject(new Error(`${file} exited with ${code}: ${tail}`));
    child.once('exit', end);
    const hear = (text) => {
      tail = `${tail}${text}\n`.slice(-2000);
      if (!ready.test(text)) return;
      clearTimeout(timer);
      child.off('exit', end);
      resolve(text);
    };
    createInterface({ input: child.stdout }).on('line', hear);
    createInterface({ input: child.stderr }).on('line', hear);
  }).catch((error) => {
    kill();
    throw error;
  });
  return {
    pid: child.pid,
    line,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      kill();
      await once(child, 'exit');
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(kill, 20_000);
      await once(child, 'exit');
      clearTimeout(timer);
    },
  };
}
