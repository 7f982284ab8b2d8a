import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unitTests } from './sources.mjs';
import { runTests } from './tests.mjs';

const CLEAN_SECONDS = 600;
// Changes when older cached results can no longer be used.
const FORMAT = '2';

/**
 * Runs the unit tests of packages without mutants, one process per file: how long each test takes and what code it
 * executes. Results are cached until the test or the code that it loads changes. Throws if a test fails.
 */
export async function cleanRuns(names, { root, cache, pool, onRun }) {
  const stamp = hashOf([FORMAT, process.version, ...always(root)]);
  const files = names.flatMap((name) => unitTests(root, name));
  const runs = await Promise.all(
    files.map(async (file) => {
      const kept = join(cache, `${file}.json`);
      const known = readKept(kept);
      if (known?.stamp === stamp && isSame(root, known.loaded)) return known;
      const run = await pool.use((job) => cleanRun(file, job));
      onRun(file);
      const paths = [file, ...[run.shared, ...run.tests.map(({ ran }) => ran)].flatMap(Object.keys)];
      // Leaves out modules that tests wrote and removed.
      const there = [...new Set(paths)].filter((path) => existsSync(join(root, path)));
      const loaded = Object.fromEntries(
        there.map((path) => [path, hashOf([readFileSync(join(root, path))])]),
      );
      const result = { file, stamp, loaded, ...run };
      mkdirSync(dirname(kept), { recursive: true });
      writeFileSync(kept, JSON.stringify(result));
      return result;
    }),
  );
  return runs;
}

async function cleanRun(file, job) {
  let problem;
  // Coverage of child processes changes their environment, which some tests check, so the second attempt does without;
  // the third is for a busy machine.
  for (const processes of [join(job.temp, 'coverage'), undefined, undefined]) {
    const watch = { processes };
    const order = {
      files: [{ path: join(job.folder, file) }],
      watch,
      limits: { ofOthers: CLEAN_SECONDS * 1000 },
    };
    const { tests, shared, failures, end, late } = await runTests(job.folder, order, {
      seconds: CLEAN_SECONDS,
      temp: job.temp,
    });
    if (failures?.length === 0) return { tests, shared, isWhole: await needsAll(file, tests, job) };
    const [first] = failures ?? [];
    problem = first ? `${first.title}: ${first.message}` : late ? `timed out after ${CLEAN_SECONDS} s` : end;
  }
  throw new Error(`${file} fails without a mutant: ${problem}`);
}

/** Whether tests of a file need other tests of it to run before them, so that no single one can be chosen. */
async function needsAll(file, tests, job) {
  for (const parity of [0, 1]) {
    const titles = tests.filter((_, index) => index % 2 === parity).map(({ title }) => title);
    if (titles.length === 0) continue;
    const order = {
      files: [{ path: join(job.folder, file), titles }],
      limits: { ofOthers: CLEAN_SECONDS * 1000 },
      bail: true,
    };
    const { failures } = await runTests(job.folder, order, { seconds: CLEAN_SECONDS, temp: job.temp });
    if (failures?.length !== 0) return true;
  }
  return false;
}

function always(root) {
  const ddls = readdirSync(join(root, 'ddl')).filter((name) => name.endsWith('.json'));
  return ['package-lock.json', ...ddls.map((name) => `ddl/${name}`)].map((path) =>
    readFileSync(join(root, path)),
  );
}

function isSame(root, loaded) {
  try {
    return Object.entries(loaded).every(([path, hash]) => hashOf([readFileSync(join(root, path))]) === hash);
  } catch {
    return false;
  }
}

function readKept(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url');
}
