#!/usr/bin/env node
import { orEnd, readArguments, wholeNumber } from './command-line.mjs';
// npm run hostile: runs the attacks of packages/hostile and prints the table. With --mutate, disables each check of the
// system in turn and names the attack that notices.
import { misfits, mutate } from './hostile/mutate.mjs';

const USAGE = `npm run hostile -- --mutate [options]
  --only TEXT        only checks whose name or file contains TEXT
  --jobs N           number of parallel runs (default: one per core)
  --json FILE        also write the results to this file
Exit codes: 0 an attack notices each check that is disabled; 1 at least one is not noticed; 2 usage error.`;

if (process.argv.includes('--mutate')) process.exitCode = await main();
else await import('../packages/hostile/dist/src/main.js');

async function main() {
  const { values, jobs } = orEnd('hostile', USAGE, readOptions);
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const stale = misfits();
  if (stale.length > 0) {
    console.error(stale.join('\n'));
    return 1;
  }
  let count = 0;
  const results = await mutate({
    only: values.only,
    json: values.json,
    ...(jobs && { jobs }),
    onResult: ({ check, noticed, seconds }) => {
      count += 1;
      console.log(
        `${String(count).padStart(4)}  ${seconds.toFixed(0).padStart(4)} s  ${check}: ${noticed === undefined ? 'NOT NOTICED' : noticed}`,
      );
    },
  });
  const missed = results.filter(({ noticed }) => noticed === undefined);
  console.log(`${results.length} checks disabled, ${missed.length} not noticed`);
  return missed.length > 0 ? 1 : 0;
}

function readOptions() {
  const { values } = readArguments({
    options: {
      mutate: { type: 'boolean' },
      only: { type: 'string' },
      jobs: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  return { values, jobs: values.jobs === undefined ? undefined : wholeNumber('jobs', values.jobs) };
}
