import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program to its end and gives what it printed. Throws with what it said when it fails or takes too long. */
export async function runProgram(file, words, env = {}, seconds = 60) {
  const child = spawn(file, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  for (const name of Object.keys(said))
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text;
    });
  const [code, signal] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${[file, ...words].join(' ')} ended with ${code ?? signal}: ${said.stderr}`);
  return said.stdout;
}

/** Runs a Node program likewise. */
export const runNode = (words, env) => runProgram(process.execPath, words, env);
