#!/usr/bin/env node
// node bench/nodes.mjs [VERSION …]: what Troupe costs on one Node and on another, from npm, in turn: the choice in
// docs/dependencies.md. CPU time, which a noisy machine disturbs least.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { orEnd, readArguments, WrongUse } from '../scripts/command-line.mjs';
import { medianRows } from './lib/figures.mjs';
import { machine, round } from './lib/machine.mjs';
import { runProgram } from './lib/run-node.mjs';
import { measureStart, readyForStarts } from './lib/start.mjs';
import { table } from './lib/table.mjs';

const ROUNDS = 10;
const PINNED = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  .optionalDependencies[`node-${process.platform}-${process.arch}`];
const path = (file) => fileURLToPath(new URL(file, import.meta.url));
async function installed(version, folder) {
  const name = `node-${process.platform}-${process.arch}@${version}`;
  await runProgram('npm', ['install', '--prefix', join(folder, version), '--no-audit', '--no-fund', name]);
  const node = join(folder, version, 'node_modules/.bin/node');
  return { node, name: `Node ${(await runProgram(node, ['--version'])).trim().slice(1)}` };
}

/** What a binary asks of the machine: its size, and the libraries that it loads. */
async function needsOf(node) {
  const libraries = [...(await runProgram('ldd', [node])).matchAll(/^\s+lib(\S+)\.so/gm)].map(
    ([, name]) => name,
  );
  return {
    'binary, MiB': round(statSync(node).size / 2 ** 20, 0),
    'libraries, lib…': libraries.sort().join(', '),
  };
}

/** Calls a second and CPU of a call, from the case `calls` run by that Node. */
async function calls(node) {
  const words = ['calls', '--broker', 'mosquitto', '--keys', 'p256', '--rounds', '3', '--seconds', '3'];
  const said = await runProgram(node, [path('main.mjs'), ...words], {}, 180);
  const report = JSON.parse(readFileSync(path(`../${said.match(/all figures: (\S+)/)[1]}`), 'utf8'));
  const { sequential, pipelined } = report.cases.calls.results[0].troupe;
  return {
    'calls, one after the other: a second': sequential.perSecond,
    'calls, 64 at a time: a second': pipelined.perSecond,
    'calls, 64 at a time: CPU of caller and node, ms':
      pipelined.cpuMsPerCall.caller + pipelined.cpuMsPerCall.node,
  };
}

const USAGE =
  'Usage: node bench/nodes.mjs [VERSION …]\n\nVERSION is a version of Node on npm, such as 24.22.3 or latest.';
const versions = orEnd('nodes', USAGE, () => {
  const { positionals } = readArguments({ allowPositionals: true });
  const strange = positionals.find((version) => !/^(latest|\d+(\.\d+){0,2})$/.test(version));
  if (strange !== undefined)
    throw new WrongUse(`invalid VERSION "${strange}": use one such as 24.22.3, or latest`);
  return positionals.length > 0 ? positionals : [PINNED, 'latest'];
});
// After that: these need the programs of a release, and a wrong word needs none.
const { mco, mcod } = await import('./lib/programs.mjs');
const { Site } = await import('./lib/site.mjs');
const folder = mkdtempSync(join(tmpdir(), 'troupe-nodes-'));
const site = await Site.open({ broker: 'mosquitto', tls: true, keyType: 'p256' });
try {
  const nodes = [];
  for (const version of versions) nodes.push(await installed(version, folder));
  const ready = await readyForStarts(site);
  const rounds = nodes.map(() => []);
  for (let index = 0; index < ROUNDS; index += 1)
    for (const [at, { node }] of nodes.entries())
      rounds[at].push(await measureStart({ node, mco, mcod }, ready));
  const rates = nodes.map(() => []);
  for (let index = 0; index < 3; index += 1)
    for (const [at, { node }] of nodes.entries()) rates[at].push(await calls(node));
  const needs = [];
  for (const { node } of nodes) needs.push(await needsOf(node));
  const needRows = Object.keys(needs[0]).map((name) => [name, ...needs.map((one) => one[name])]);
  const { cores, cpu, commit } = machine();
  console.log(`${cores} x ${cpu}, commit ${commit}; medians of ${ROUNDS} rounds in turn, calls of 3`);
  const head = ['what', ...nodes.map(({ name }) => name)];
  const rows = [...medianRows(rounds), ...medianRows(rates), ...needRows];
  console.log(table('One Node beside another', head, rows));
} finally {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
}
