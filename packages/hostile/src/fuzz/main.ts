import { parseArgs } from 'node:util';
import { mutate } from './mutation.js';
import { randomOf } from './random.js';
import { runFuzz } from './run.js';
import { makeTargets } from './targets.js';

const usage = `Usage: npm run fuzz -- [--count N] [--seed N] [--only TARGET [--show INDEX]] [--json]

Feeds a million mutated inputs (or N) to every parser that reads what the network or a user wrote.
`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '20261122' },
    only: { type: 'string' },
    show: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

async function show(name: string, index: number, seed: number): Promise<void> {
  const targets = await makeTargets();
  const number = targets.findIndex((target) => target.name === name);
  const target = targets[number];
  if (!target)
    throw new Error(`there is no target "${name}": ${targets.map((each) => each.name).join(', ')}`);
  console.log(JSON.stringify(mutate(target.samples, randomOf(seed, number, index))));
}

if (values.help) process.stdout.write(usage);
else if (values.show !== undefined) await show(values.only ?? '', Number(values.show), Number(values.seed));
else {
  const report = await runFuzz({
    seed: Number(values.seed),
    count: Number(values.count),
    ...(values.only === undefined ? {} : { only: values.only }),
    onTarget: ({ name, inputs, refused, seconds, slowest, growth, findings }) => {
      const each = ((seconds / inputs) * 1e6).toFixed(0);
      const line = `${name}: ${inputs} inputs, ${refused} refused, ${each} µs each, slowest ${slowest.toFixed(1)} ms, heap +${(growth / 1e6).toFixed(1)} MB`;
      process.stderr.write(`${line}${findings.length > 0 ? `, ${findings.length} FINDINGS` : ''}\n`);
    },
  });
  if (values.json) console.log(JSON.stringify(report, null, 2));
  for (const { target, index, fault } of report.findings.slice(0, 20))
    process.stderr.write(`${target} ${index}: ${fault}\n`);
  process.stderr.write(
    `${report.inputs} inputs in ${report.seconds.toFixed(0)} s, ${report.findings.length} findings\n`,
  );
  if (report.findings.length > 0) process.exitCode = 1;
}
