import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program and returns its standard output. Throws with its standard error if it fails or takes too long. */
export async function runProgram(file, words, env = {}, seconds = 60) {
  const child = spawn(file, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of Object.keys(output))
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  const [code, signal] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${[file, ...words].join(' ')} exited with ${code ?? signal}: ${output.stderr}`);
  return output.stdout;
}

/** Runs a Node program in the same way. */
export const runNode = (words, env) => runProgram(process.execPath, words, env);
