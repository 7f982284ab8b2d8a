#!/usr/bin/env node
// npm run test:nodes: the unit tests on the oldest Node that the packages allow, and on the newest one that npm has.
// Arguments go to mocha.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.mjs';
import { endWithNpm } from './parent.mjs';
import { FLOOR } from './runtime.mjs';
import { explain, root, setup } from './setup.mjs';
import { runMocha } from './stages.mjs';
import { removeStale } from './stale.mjs';
import { totals } from './totals.mjs';

const VERSIONS = [`${FLOOR}.0.0`, 'latest'];
const UNIT = ['--ignore', '**/integration/**'];
const MOCHA = { cwd: root, mocha: 'node_modules/mocha/bin/mocha.js', reporter: './scripts/reporter.mjs' };

/** Installs a Node from npm into `folder` and returns where it is. */
async function install(version, folder) {
  const name = `node-${process.platform}-${process.arch}@${version}`;
  await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', name]);
  return join(folder, 'node_modules/.bin/node');
}

async function testOn(version, words) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-node-'));
  try {
    const node = await install(version, folder);
    const name = `Node ${(await run(node, ['--version'])).trim().slice(1)}`;
    console.log(`\n== unit tests on ${name}`);
    const { counts, problem } = await runMocha([...UNIT, ...words], { ...MOCHA, node });
    return { name, counts, problem };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

endWithNpm();
try {
  await setup({ build: true, puppet: false });
  removeStale(root);
  const results = [];
  for (const version of VERSIONS) results.push(await testOn(version, process.argv.slice(2)));
  console.log('');
  for (const { name, counts, problem } of results) {
    console.log(`${name}: ${totals(counts)}${problem ? `: ${problem}` : ''}`);
    if (problem || counts.failed > 0) process.exitCode = 1;
  }
} catch (error) {
  process.exitCode = explain(error, 'test:nodes');
}
