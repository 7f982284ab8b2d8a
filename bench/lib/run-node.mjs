import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program `mco`. */
export const mco = fileURLToPath(new URL('../../packages/cli/bin/mco.js', import.meta.url));

/** Runs a Node program to its end. Throws with what it said when it fails or takes longer than a minute. */
export async function runNode(words, env = {}) {
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`node ${words.join(' ')} ended with ${code ?? signal}: ${complaint}`);
}
