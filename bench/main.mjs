#!/usr/bin/env node
// npm run bench [-- case …]: measures, prints tables, and writes all figures to bench/results/; a run of all cases also
// writes bench/results.json and the tables of docs/scale.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { oneOf, orEnd, positiveNumber, readArguments, wholeNumber } from '../scripts/command-line.mjs';
import { brokersHere } from './lib/brokers.mjs';
import { machine } from './lib/machine.mjs';
import { writePage } from './lib/page.mjs';
import { endRunning, runCase } from './lib/run-case.mjs';
import { table } from './lib/table.mjs';

// Seconds that each may take at most, of the minutes of all.
const limits = {
  start: 90,
  commands: 90,
  mcollective: 210,
  crypto: 60,
  bytes: 30,
  calls: 120,
  fleet: 420,
  storm: 120,
  provision: 180,
};
const names = Object.keys(limits);
const keyTypes = ['rsa', 'p256', 'ed25519'];

const usage = `Usage: npm run bench [-- CASE … OPTIONS]

Cases: ${names.join(', ')} (default: all)

  --broker NAME     ${brokersHere.join(' or ')}; can be repeated (default: all that are installed)
  --nodes N         nodes of the case fleet; can be repeated (default: 100, 1000 and 10000)
  --storm N         nodes of the case storm (default: 2000)
  --provisioned N   nodes of the case provision (default: 200)
  --provisioners N  provisioners of the case provision; can be repeated (default: 1, 2 and 4)
  --mcollective N   nodes of the case mcollective (default: 200)
  --keys TYPE       rsa, p256 or ed25519; can be repeated (default: rsa and p256)
  --rounds N        rounds of each measurement (default: 5)
  --seconds N       duration of each rate measurement in seconds (default: 2)
  --tls             use TLS in the cases fleet and storm (slow: some 15 ms of CPU per connection)
  --minutes N       time limit in minutes for all cases; unfinished cases are stopped (default: 20)
  --write           write bench/results.json and docs/scale.md (default if no case is given)
  --list            list the cases and what they measure

Exit codes: 0 all cases were measured; 1 a case failed; 2 usage error.
`;

const list = { type: 'string', multiple: true };
const { values, positionals, options, minutes } = orEnd('bench', usage, () => {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      broker: { ...list, default: brokersHere },
      nodes: { ...list, default: ['100', '1000', '10000'] },
      storm: { type: 'string', default: '2000' },
      provisioned: { type: 'string', default: '200' },
      provisioners: { ...list, default: ['1', '2', '4'] },
      mcollective: { type: 'string', default: '200' },
      keys: { ...list, default: ['rsa', 'p256'] },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      tls: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '20' },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  for (const name of positionals) oneOf('CASE', name, names);
  for (const name of values.broker) oneOf('--broker', name, brokersHere);
  for (const type of values.keys) oneOf('--keys', type, keyTypes);
  const options = {
    brokers: values.broker,
    sizes: values.nodes.map((text) => wholeNumber('nodes', text)),
    stormNodes: wholeNumber('storm', values.storm),
    provisioned: wholeNumber('provisioned', values.provisioned),
    provisioners: values.provisioners.map((text) => wholeNumber('provisioners', text)),
    mcollectiveNodes: wholeNumber('mcollective', values.mcollective),
    keyTypes: values.keys,
    rounds: wholeNumber('rounds', values.rounds),
    seconds: positiveNumber('seconds', values.seconds),
    tls: values.tls,
  };
  return { values, positionals, options, minutes: positiveNumber('minutes', values.minutes) };
});

if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const wanted = positionals.length > 0 ? positionals : names;
if (positionals.length === 0) values.write = true;
if (values.list) {
  for (const name of names) console.log(`${name}: ${(await import(`./cases/${name}.mjs`)).about}`);
  process.exit(0);
}

// What was started is ended when this process exits, which a signal alone would not let it do in order.
process.once('exit', endRunning);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.once(signal, () => process.exit(code));

const report = { machine: machine(), options, cases: {} };
const { cpu, cores, memoryGiB, node, commit, files } = report.machine;
console.log(`${cores} x ${cpu}, ${memoryGiB} GiB, Node ${node}, ${files} files, commit ${commit}`);
const end = performance.now() + minutes * 60_000;
for (const name of wanted) {
  const { about } = await import(`./cases/${name}.mjs`);
  const left = (end - performance.now()) / 1000;
  console.log(`\n== ${name}: ${about}`);
  try {
    if (left < 1) throw new Error(`the ${minutes} minutes of --minutes are used up`);
    const start = performance.now();
    const measured = await runCase(
      name,
      options,
      positionals.length > 0 ? left : Math.min(left, limits[name]),
    );
    const seconds = Math.round((performance.now() - start) / 1000);
    report.cases[name] = { ...measured, seconds };
    for (const { title, head, rows } of measured.tables) console.log(table(title, head, rows));
    for (const reason of measured.skipped) console.log(`skipped: ${reason}`);
    const { before, after } = measured.load;
    console.log(`\n${seconds} s; load average before ${before.join(' ')}, after ${after.join(' ')}`);
  } catch (error) {
    report.cases[name] = { error: error.message };
    process.exitCode = 1;
    console.error(`${name} failed: ${error.message}`);
  }
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const text = `${JSON.stringify(report, null, 2)}\n`;
const file = `results/${report.machine.time.replaceAll(':', '').slice(0, 17)}.json`;
mkdirSync(here('results/'), { recursive: true });
writeFileSync(here(file), text);
console.log(`\nall results: bench/${file}`);
if (values.write) {
  writeFileSync(here('results.json'), text);
  writePage(here('../docs/scale.md'), report);
  const biome = here('../node_modules/@biomejs/biome/bin/biome');
  spawnSync(process.execPath, [biome, 'check', '--write', here('results.json'), here('../docs/scale.md')]);
  console.log('written: bench/results.json and the tables in docs/scale.md');
}
process.exit();
