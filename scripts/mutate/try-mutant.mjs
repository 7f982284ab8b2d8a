import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { touches } from './coverage.mjs';
import { applied } from './operators.mjs';
import { runTests } from './tests.mjs';

// A hanging test fails after this time plus several times its normal duration; a process in an endless loop is killed a
// little later.
const TEST_MS = 10_000;
const TIMES = 5;
const PROCESS_SECONDS = 20;

/**
 * The tests that execute the mutated code, by file; all tests of a file if they depend on each other, or if the code is
 * also executed outside of tests.
 */
export function testsFor({ compiled, start, end }, runs) {
  const isIn = (ran) => touches(ran[compiled] ?? [], start, end);
  const found = runs.map((run) => {
    const tests = run.tests.filter(({ ran }) => isIn(ran));
    const needsAll = isIn(run.shared) || (run.isWhole && tests.length > 0);
    return { run, tests: needsAll ? run.tests : tests };
  });
  return found.filter(({ tests }) => tests.length > 0);
}

/**
 * Runs the tests that can notice a mutant: first only those that execute the mutated code, then all tests of their
 * files. `by` in the result is the first test that fails, if any.
 */
export async function tryMutant(mutant, runs, job) {
  const found = testsFor(mutant, runs).sort((a, b) => rank(a, mutant) - rank(b, mutant));
  const whole = found.map(({ run }) => ({ run, tests: run.tests }));
  const count = (list) => list.reduce((sum, { tests }) => sum + tests.length, 0);
  const file = join(job.folder, mutant.compiled);
  const text = readFileSync(file, 'utf8');
  const { atime, mtime } = statSync(file);
  // Keeps the file times: compiled schemas are used only while they are newer than the code.
  const write = (content) => {
    writeFileSync(file, content);
    utimesSync(file, atime, mtime);
  };
  write(applied(text, mutant));
  try {
    const by = found.length > 0 ? await noticedBy(found, job) : undefined;
    if (by || count(whole) === count(found)) return { by, tests: count(found) };
    return { by: await noticedBy(whole, job), tests: count(whole) };
  } finally {
    write(text);
  }
}

async function noticedBy(found, job) {
  const all = found.flatMap(({ tests }) => tests);
  const limitOf = ({ ms = 0 }) => TEST_MS + TIMES * ms;
  const order = {
    bail: true,
    files: found.map(({ run, tests }) => ({
      path: join(job.folder, run.file),
      titles: tests.map(({ title }) => title),
    })),
    limits: {
      ofOthers: 2 * TEST_MS,
      byTitle: Object.fromEntries(all.map((test) => [test.title, limitOf(test)])),
    },
  };
  const { failures, late, end } = await runTests(job.folder, order, {
    seconds: PROCESS_SECONDS + Math.max(...all.map(limitOf)) / 1000,
    temp: job.temp,
  });
  if (late) return 'an endless loop';
  if (end) return `the end of the process: ${end}`;
  return failures[0]?.title;
}

/** Sorts the mirrored test first, then the fastest. */
function rank({ run, tests }, { file }) {
  const isMirror = file.replace(/\/src\/(.*)\.ts$/, '/dist/test/$1.test.js') === run.file;
  return isMirror ? -1 : tests.reduce((sum, { ms = 0 }) => sum + ms, 0);
}
