// Runs tests for npm run mutate. Its parent sends { files: [{ path, titles }], limits, bail, watch } and gets
// { tests, shared, failures }. Without titles, all tests of a file run. With `watch`, the answer has the code that each
// test executed; child processes of the tests write theirs to the folder `watch.processes`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import '../unhandled-rejections.mjs';
import { executed } from './coverage.mjs';

const { constants } = Mocha.Runner;
const PACKAGES = pathToFileURL(`${process.cwd()}/packages/`).href;

process.once('message', async (order) => {
  let answer;
  try {
    answer = await runTests(order);
  } catch (error) {
    answer = {
      tests: [],
      failures: [{ title: 'loading the tests', message: String(error?.message) }],
    };
  }
  process.send(answer, () => process.exit());
});

async function runTests({ files, limits = {}, bail, watch }) {
  const take = watch ? startWatching() : () => ({});
  // Read at the start of a process, so this affects only child processes.
  if (watch?.processes) process.env.NODE_V8_COVERAGE = watch.processes;
  const mocha = new Mocha({ reporter: class {}, bail, timeout: limits.ofOthers });
  for (const { path } of files) mocha.addFile(path);
  await mocha.loadFilesAsync();
  const shared = [take()];
  const titles = new Map(files.map((file) => [file.path, file.titles && new Set(file.titles)]));
  choose(mocha.suite, (test) => titles.get(test.file)?.has(test.fullTitle()) ?? true);
  setLimits(mocha.suite, limits);

  const tests = [];
  const failures = [];
  // Code that runs between two tests counts for the first, code in before and after hooks for the whole file.
  let running = shared;
  await new Promise((resolve) => {
    const runner = mocha.run(resolve);
    const turnTo = (next) => {
      running.push(take());
      running = next;
    };
    runner.on(constants.EVENT_HOOK_BEGIN, ({ title }) => {
      if (/^"(?:before|after) all"/.test(title)) turnTo(shared);
    });
    runner.on(constants.EVENT_TEST_BEGIN, (test) => {
      const entry = { title: test.fullTitle(), seen: [] };
      tests.push(entry);
      process.send({ begins: entry.title });
      turnTo(entry.seen);
    });
    runner.on(constants.EVENT_TEST_END, (test) => {
      const entry = tests.findLast(({ title }) => title === test.fullTitle());
      if (entry) entry.ms = test.duration ?? 0;
    });
    runner.on(constants.EVENT_TEST_FAIL, (test, error) => {
      failures.push({ title: test.fullTitle(), message: String(error?.message), code: error?.code });
    });
    runner.once(constants.EVENT_RUN_END, () => turnTo([]));
  });
  if (watch?.processes) shared.push(...ofProcesses(watch.processes));
  return {
    failures,
    tests: tests.map(({ title, ms, seen }) => ({ title, ms, ran: merged(seen) })),
    shared: merged(shared),
  };
}

function choose(suite, isWanted) {
  suite.tests = suite.tests.filter(isWanted);
  for (const inner of suite.suites) choose(inner, isWanted);
  suite.suites = suite.suites.filter((inner) => inner.tests.length > 0 || inner.suites.length > 0);
}

/** Replaces the timeouts of tests, by title. */
function setLimits(suite, limits) {
  if (!limits.byTitle) return;
  suite.timeout(limits.ofOthers);
  for (const test of suite.tests) test.timeout(limits.byTitle[test.fullTitle()] ?? limits.ofOthers);
  for (const inner of suite.suites) setLimits(inner, limits);
}

/** Starts coverage of this process. The returned function gives what ran since its last call, by file. */
function startWatching() {
  const session = new Session();
  session.connect();
  const ask = (method, parameters) => {
    let answer;
    session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  };
  ask('Profiler.enable');
  ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return () => byFile(ask('Profiler.takePreciseCoverage').result);
}

/** What ran in child processes, unless they were killed. */
function ofProcesses(folder) {
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
    try {
      return [byFile(JSON.parse(readFileSync(join(folder, name), 'utf8')).result)];
    } catch {
      return [];
    }
  });
}

function byFile(scripts) {
  const ours = scripts.filter(({ url }) => url.startsWith(PACKAGES));
  return Object.fromEntries(
    ours.map(({ url, functions }) => [relative(process.cwd(), fileURLToPath(url)), executed(functions)]),
  );
}

/** Merges several results by file. */
function merged(parts) {
  const result = {};
  for (const part of parts) {
    for (const [file, ranges] of Object.entries(part)) {
      if (ranges.length > 0) result[file] = [...(result[file] ?? []), ...ranges];
    }
  }
  return result;
}
