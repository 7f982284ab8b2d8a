import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Pool } from '../mutate/pool.mjs';
import { root } from '../setup.mjs';
import { mutations } from './mutations.mjs';

// The whole suite takes about two minutes; a mutant may make every attack wait.
const MOST_SECONDS = 900;

const running = new Set();

/**
 * Disables each check of the system in turn, in a copy of the compiled code, and resolves to what noticed each: the
 * attack that no longer fails. `only` is a part of the names of the checks.
 */
export async function mutate({ only = '', json, jobs = availableParallelism(), onResult }) {
  const chosen = mutations.filter(({ check, file }) => check.includes(only) || file.includes(only));
  const temp = mkdtempSync(join(tmpdir(), 'th-'));
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(temp, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const pool = new Pool(root, temp, jobs);
  const results = await Promise.all(
    chosen.map((mutation) =>
      pool.use(async (job) => {
        const start = performance.now();
        const noticed = await tryMutation(mutation, job);
        const result = { ...mutation, noticed, seconds: (performance.now() - start) / 1000 };
        onResult(result);
        return result;
      }),
    ),
  );
  if (json) {
    const report = results.map(({ check, noticed }) => ({ check, noticed }));
    writeFileSync(resolve(json), `${JSON.stringify(report, null, 2)}\n`);
  }
  return results;
}

/** The name of the attack that notices a mutation; nothing if none does. Throws if the mutation fits the code no more. */
async function tryMutation({ check, file, find, put, attack }, job) {
  const path = join(job.folder, file);
  const text = readFileSync(path, 'utf8');
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`"${check}": ${file} has the text ${count} times: ${find}`);
  const { atime, mtime } = statSync(path);
  // Keeps the file times: compiled schemas are used only while they are newer than the code.
  const write = (content) => {
    writeFileSync(path, content);
    utimesSync(path, atime, mtime);
  };
  write(text.replace(find, () => put));
  try {
    return await noticedBy(job, ['--first', attack]);
  } finally {
    write(text);
  }
}

async function noticedBy(job, args) {
  const program = join(job.folder, 'packages/hostile/dist/src/main.js');
  const child = spawn(process.execPath, [program, '--bail', '--json', ...args], {
    cwd: job.folder,
    env: { ...process.env, TMPDIR: job.temp },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.add(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), MOST_SECONDS * 1000);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  try {
    await new Promise((done, fail) => child.once('error', fail).once('close', done));
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
  const verdicts = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  return verdicts.find(({ fault }) => fault !== undefined)?.name;
}

/** Checks that each mutation fits the code: the text to find is in its file once. */
export function misfits() {
  return mutations
    .map(({ check, file, find }) => ({
      check,
      file,
      count: readFileSync(join(root, file), 'utf8').split(find).length - 1,
    }))
    .filter(({ count }) => count !== 1)
    .map(({ check, file, count }) => `"${check}": ${file} has the text ${count} times`);
}
