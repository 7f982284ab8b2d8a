#!/usr/bin/env node
// npm run mutate: measures how many faults the unit tests notice. Applies random mutants (reproducible by seed), one at
// a time, to a copy of the compiled code; at least one of the tests that execute the mutated code must fail.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { oneOf, orEnd, readArguments, wholeNumber } from './command-line.mjs';
import { areas } from './mutate/areas.mjs';
import { cleanRuns } from './mutate/clean-run.mjs';
import { entryOf, parseJudged, staleJudged } from './mutate/judged.mjs';
import { Pool } from './mutate/pool.mjs';
import { percent, scoreOf, survivor, table } from './mutate/report.mjs';
import { idOf, sample } from './mutate/sample.mjs';
import { allSources, mutantsIn, sourcesOf } from './mutate/sources.mjs';
import { stopTests } from './mutate/tests.mjs';
import { tryMutant } from './mutate/try-mutant.mjs';
import { root } from './setup.mjs';

const NEEDED = 0.9;
const JUDGED = 'scripts/mutate/judged.yaml';
const USAGE = `npm run mutate -- [options]
  --area NAME        only this area; can be repeated: ${areas.map(({ name }) => name).join(', ')}
  --count N          number of mutants per area, or "all" (default: 60)
  --seed N           seed of the selection (default: 1)
  --file PATH        all mutants of this source file, instead of areas; can be repeated
  --only PATH:LINE   all mutants of this line, instead of areas; can be repeated
  --jobs N           number of parallel runs (default: one per core)
  --entries          print survivors as entries for ${JUDGED}
  --json FILE        also write the results to this file
Requires npm run build. Exit codes: 0 if each area reaches ${percent(NEEDED)}; 1 if not; 2 usage error.`;

const { values, numbers } = orEnd('mutate', USAGE, readOptions);
if (values.help) console.log(USAGE);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`mutate: ${error.message}`);
    process.exit(2);
  }
}

function readOptions() {
  const { values } = readArguments({
    options: {
      area: { type: 'string', multiple: true },
      count: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', multiple: true, default: [] },
      jobs: { type: 'string', default: String(availableParallelism()) },
      entries: { type: 'boolean' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { area: names = [], count, seed, jobs } = values;
  for (const name of names)
    oneOf(
      '--area',
      name,
      areas.map((area) => area.name),
    );
  wholeNumber('seed', seed, 0);
  const numbers = {
    count: count === 'all' ? Number.POSITIVE_INFINITY : wholeNumber('count', count),
    jobs: wholeNumber('jobs', jobs),
  };
  return { values, numbers };
}

async function main() {
  const judged = parseJudged(readFileSync(join(root, JUDGED), 'utf8'));
  const picked = pickMutants();
  const stale = staleJudged(
    judged,
    picked.flatMap(({ all }) => all),
  );
  for (const entry of stale) console.error(`${JUDGED}: no longer matches a mutant: ${JSON.stringify(entry)}`);

  const temp = mkdtempSync(join(tmpdir(), 'tm-'));
  process.once('exit', () => {
    stopTests();
    rmSync(temp, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const pool = new Pool(root, temp, numbers.jobs);
  const done = [];
  for (const area of picked) done.push(await runArea(area, { judged, pool }));

  console.log(`\n${table(done)}`);
  if (values.json) {
    const report = done.map(({ name, results }) => ({ name, ...scoreOf(results), results }));
    writeFileSync(resolve(values.json), `${JSON.stringify({ seed: values.seed, areas: report }, null, 2)}\n`);
  }
  const isEnough = done.every(({ results }) => scoreOf(results).score >= NEEDED);
  return isEnough && stale.length === 0 ? 0 : 1;
}

async function runArea({ name, tests, mutants }, { judged, pool }) {
  console.log(`== ${name}: ${mutants.length} mutants`);
  const runs = await cleanRuns(tests, {
    root,
    cache: join(root, '.cache/mutate'),
    pool,
    onRun: (file) => note(`without mutants: ${file}`),
  });
  let count = 0;
  const results = await Promise.all(
    mutants.map(async (mutant) => {
      const verdict = judged.get(idOf(mutant))?.verdict;
      if (verdict === 'equivalent') return { ...mutant, outcome: 'equivalent' };
      const { by, tests } = await pool.use((job) => tryMutant(mutant, runs, job));
      const result = { ...mutant, tests, by, outcome: by ? 'noticed' : (verdict ?? 'survived') };
      note(`${name}: ${++count} of ${mutants.length}`);
      if (result.outcome === 'survived') console.log(values.entries ? entryOf(result) : survivor(result));
      return result;
    }),
  );
  return { name, results };
}

/** The mutants to try, by area; `all` has those that they were picked from. */
function pickMutants() {
  const sources = allSources(root);
  const places = [
    ...values.file.map((file) => [file]),
    ...values.only.map((place) => place.split(/:(?=\d+$)/)),
  ].map(([file, line]) => [relative(root, resolve(file)), line]);
  if (places.length > 0) {
    return places.map(([file, line]) => {
      const area = areas.find((one) => sourcesOf(one, sources).includes(file));
      if (!area && !sources.includes(file)) throw new Error(`${file} is not a source of a package`);
      const all = mutantsIn(root, file);
      const mutants = line === undefined ? all : all.filter((mutant) => mutant.line === Number(line));
      return {
        name: [file, line].join(line ? ':' : ''),
        tests: area?.tests ?? [file.split('/')[1]],
        all,
        mutants,
      };
    });
  }
  return areas
    .filter(({ name }) => !values.area || values.area.includes(name))
    .map((area) => {
      const all = sourcesOf(area, sources).flatMap((file) => mutantsIn(root, file));
      return { ...area, all, mutants: sample(all, numbers.count, values.seed) };
    });
}

/** Shows progress on a terminal. */
function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}\r`);
}
