import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unitTests } from './sources.mjs';
import { runTests } from './tests.mjs';

const CLEAN_SECONDS = 600;

/**
 * Runs the unit tests of packages, each file in a process of its own: what each test takes, and what runs in it. What
 * is known from an earlier run and has not changed is kept in `cache`. Throws where a test fails.
 */
export async function cleanRuns(names, { root, cache, pool, onRun }) {
  const stamp = hashOf([process.version, ...always(root)]);
  const files = names.flatMap((name) => unitTests(root, name));
  const runs = await Promise.all(
    files.map(async (file) => {
      const kept = join(cache, `${file}.json`);
      const known = readKept(kept);
      if (known?.stamp === stamp && isSame(root, known.loaded)) return known;
      const run = await pool.use((job) => cleanRun(file, job));
      onRun(file);
      const paths = [file, ...[run.shared, ...run.tests.map(({ ran }) => ran)].flatMap(Object.keys)];
      // Tests write modules too, which are gone.
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
  // To watch the processes that tests start changes their environment, which some tests look at; the third time is for
  // a machine that was busy.
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
    if (failures?.length === 0) return { tests, shared };
    const [first] = failures ?? [];
    problem = first ? `${first.title}: ${first.message}` : late ? 'no end' : end;
  }
  throw new Error(`without any mutant a test fails in ${file}: ${problem}`);
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
