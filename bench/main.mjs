#!/usr/bin/env node
// npm run bench [-- case …]: measures, prints tables, and writes all figures to bench/results/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brokersHere } from './lib/brokers.mjs';
import { load, machine } from './lib/machine.mjs';
import { table } from './lib/table.mjs';

const names = ['start', 'crypto', 'bytes', 'calls', 'fleet', 'storm', 'provision'];

const usage = `Usage: npm run bench [-- CASE … OPTIONS]

Cases: ${names.join(', ')}; all unless named.

  --broker NAME   ${brokersHere.join(' or ')}; may be repeated (default: all that are here)
  --nodes N       of the case fleet; may be repeated (default: 100 and 1000)
  --storm N       nodes of the case storm (default: 2000)
  --provisioned N nodes of the case provision (default: 200)
  --provisioners N  of the case provision; may be repeated (default: 1, 2 and 4)
  --keys TYPE     rsa, p256 or ed25519; may be repeated (default: rsa and p256)
  --rounds N      of each measurement (default: 5)
  --seconds N     of each measurement of a rate (default: 3)
  --tls           lets the nodes of fleet and storm speak TLS (slow to connect: some 15 ms of CPU for each)
  --list          what each case measures
`;

const list = { type: 'string', multiple: true };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    broker: { ...list, default: brokersHere },
    nodes: { ...list, default: ['100', '1000'] },
    storm: { type: 'string', default: '2000' },
    provisioned: { type: 'string', default: '200' },
    provisioners: { ...list, default: ['1', '2', '4'] },
    keys: { ...list, default: ['rsa', 'p256'] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    tls: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const unknown = positionals.find((name) => !names.includes(name));
if (values.help || unknown !== undefined) {
  process.stdout.write(unknown === undefined ? usage : `No case "${unknown}".\n\n${usage}`);
  process.exit(unknown === undefined ? 0 : 2);
}

const options = {
  brokers: values.broker,
  sizes: values.nodes.map(Number),
  stormNodes: Number(values.storm),
  provisioned: Number(values.provisioned),
  provisioners: values.provisioners.map(Number),
  keyTypes: values.keys,
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  tls: values.tls,
};

const wanted = positionals.length > 0 ? positionals : names;
if (values.list) {
  for (const name of names) console.log(`${name}: ${(await import(`./cases/${name}.mjs`)).about}`);
  process.exit(0);
}

const report = { machine: machine(), options, cases: {} };
const { cpu, cores, memoryGiB, node, commit, files } = report.machine;
console.log(`${cores} x ${cpu}, ${memoryGiB} GiB, Node ${node}, ${files} files, commit ${commit}`);
for (const name of wanted) {
  const { about, run } = await import(`./cases/${name}.mjs`);
  const before = load();
  console.log(`\n== ${name}: ${about}`);
  try {
    const { tables, results, skipped = [] } = await run(options);
    const after = load();
    report.cases[name] = { results, skipped, load: { before, after } };
    for (const { title, head, rows } of tables) console.log(table(title, head, rows));
    for (const reason of skipped) console.log(`not measured: ${reason}`);
    console.log(`\nload average before ${before.join(' ')}, after ${after.join(' ')}`);
  } catch (error) {
    report.cases[name] = { error: error.message, load: { before, after: load() } };
    process.exitCode = 1;
    console.error(`${name} failed: ${error.stack}`);
  }
}

const folder = fileURLToPath(new URL('results/', import.meta.url));
mkdirSync(folder, { recursive: true });
const file = `${folder}${report.machine.time.replaceAll(':', '').slice(0, 17)}.json`;
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\nall figures: bench/results/${file.slice(folder.length)}`);
process.exit();
