import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Interrupted, onSignal } from './command.mjs';

// Mocha does not end while a test has left something open: a server, a process, a timer.
const LEFT_OPEN_SECONDS = 20;

const NOTHING_RAN = 'no test ran';

/**
 * Runs a program of a stage with `node`, its output being ours or `output`, a file that is open; resolves to what is
 * wrong with its end, if anything is. `started` gets the process and returns what to call at its end. Throws Interrupted.
 */
export async function runStage(args, { cwd, started, output = 'inherit', node = process.execPath } = {}) {
  const child = spawn(node, args, { cwd, stdio: ['ignore', output, output], env: withNode(node) });
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

// What a test starts as `node` is the same one.
function withNode(node) {
  return { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) };
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
export async function runMocha(
  args,
  { cwd, mocha, reporter, output, node, leftOpenSeconds = LEFT_OPEN_SECONDS },
) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const file = join(folder, 'result.json');
  const options = ['--forbid-only', '--reporter', reporter, '--reporter-option', `result=${file}`];
  let leftOpen = false;
  const started = (child) =>
    killWhenStuck(child, file, leftOpenSeconds, () => {
      leftOpen = true;
    });
  try {
    const end = await runStage(['--enable-source-maps', mocha, ...options, ...args], {
      cwd,
      started,
      output,
      ...(node && { node }),
    }).catch((error) => {
      if (error instanceof Interrupted) return error.message;
      throw error;
    });
    const isWhole = existsSync(file);
    const counts = isWhole ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
    const ran = counts.passed + counts.failed + counts.skipped;
    if (leftOpen) return { counts, problem: `mocha did not exit: a test left a resource open` };
    if (!isWhole) return { counts, problem: `mocha exited early: ${end ?? 'exit 0'}` };
    if (ran === 0) return { counts, problem: NOTHING_RAN };
    if (end && (counts.failed === 0 || end.startsWith('interrupted'))) return { counts, problem: end };
    return { counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs parts of the tests side by side, because most of them wait: each part is the arguments of a mocha of its own.
 * What the first one prints is seen at once, what the others print when all have ended. Adds up what runMocha gives.
 */
export async function runParts(parts, options) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const kept = parts.slice(1).map((_, index) => join(folder, `${index}.txt`));
  const outputs = kept.map((file) => openSync(file, 'a'));
  try {
    const results = await Promise.all(
      parts.map((args, index) => runMocha(args, { ...options, output: outputs[index - 1] })),
    );
    for (const file of kept) process.stdout.write(readFileSync(file));
    const sum = (kind) => results.reduce((total, { counts }) => total + counts[kind], 0);
    const counts = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
    const problems = results.map(({ problem }) => problem).filter((problem) => problem !== undefined);
    // With --grep it is enough that one part has such a test.
    const isEmpty = problems.length === parts.length && problems.every((problem) => problem === NOTHING_RAN);
    return {
      counts,
      problems: isEmpty ? [NOTHING_RAN] : problems.filter((problem) => problem !== NOTHING_RAN),
    };
  } finally {
    for (const output of outputs) closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}
