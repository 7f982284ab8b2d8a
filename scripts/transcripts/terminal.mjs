import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

const columns = 100;
/** Seconds after which a command is given up. */
const patience = 180;

/**
 * Runs a command line in a real pseudo-terminal (util-linux's script), types `keys` when what each waits for has been
 * seen, and returns what a person sees at the end.
 */
export function inTerminal(line, { keys = [], cwd, env }) {
  const inner = `stty cols ${columns} rows 50; ${line}`;
  const child = spawn('script', ['-qefc', inner, '/dev/null'], {
    cwd,
    env: { ...env, TERM: 'xterm', SHELL: '/bin/bash' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let seen = '';
  let next = 0;
  let from = 0;
  child.stdout.on('data', (chunk) => {
    seen += chunk;
    const [awaited, key] = keys[next] ?? [];
    if (!awaited?.test(seen.slice(from))) return;
    next += 1;
    from = seen.length;
    child.stdin.write(key);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${line} did not end within ${patience} s:\n${seen}`));
    }, patience * 1000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (next < keys.length) reject(new Error(`${line} never showed ${keys[next][0]}:\n${seen}`));
      else resolve({ code, text: asSeen(seen) });
    });
  });
}

const eraseLine = '\u001b[K';

/** What is on the screen after a text with carriage returns and erased lines. */
export function asSeen(text) {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => stripVTControlCharacters(overwritten(line)).trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '');
}

function overwritten(line) {
  let shown = '';
  for (const part of line.split('\r')) {
    const erased = part.lastIndexOf(eraseLine);
    if (erased >= 0) shown = part.slice(erased + eraseLine.length);
    else if (part !== '') shown = part + shown.slice(part.length);
  }
  return shown;
}
