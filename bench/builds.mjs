#!/usr/bin/env node
// node bench/builds.mjs [CHECKOUT …]: what it costs to start `mco` and `mcod` from a clone as tsc wrote it and from the
// bundles of a release, and beside them other checkouts that have been built, in turn.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { medianRows } from './lib/figures.mjs';
import { machine } from './lib/machine.mjs';
import { mco, mcod } from './lib/programs.mjs';
import { Site } from './lib/site.mjs';
import { measureStart, readyForStarts } from './lib/start.mjs';
import { table } from './lib/table.mjs';

const ROUNDS = 10;
const root = fileURLToPath(new URL('..', import.meta.url));

function checkout(folder) {
  const found = ['daemon', 'core']
    .map((name) => join(folder, 'packages', name, 'bin/mcod.js'))
    .find(existsSync);
  if (!found) throw new Error(`${folder} is not a checkout of Troupe: packages/daemon/bin/mcod.js not found`);
  return { mcod: found, mco: join(folder, 'packages/cli/bin/mco.js') };
}

const builds = { clone: checkout(root), bundle: { mcod, mco } };
for (const folder of process.argv.slice(2)) builds[folder] = checkout(resolve(folder));

const site = await Site.open({ broker: 'mosquitto', tls: true, keyType: 'p256' });
try {
  const ready = await readyForStarts(site);
  const all = Object.values(builds).map(() => []);
  // One round more, the first, fills the caches.
  for (let index = 0; index <= ROUNDS; index += 1)
    for (const [at, build] of Object.values(builds).entries()) {
      const figures = await measureStart({ node: process.execPath, ...build }, ready);
      if (index > 0) all[at].push(figures);
    }
  const { cores, cpu, node, commit } = machine();
  console.log(`${cores} x ${cpu}, Node ${node}, commit ${commit}; medians of ${ROUNDS} rounds in turn`);
  console.log(table('One build beside another', ['what', ...Object.keys(builds)], medianRows(all)));
} finally {
  await site.close();
}
