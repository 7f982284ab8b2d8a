import { mutate } from './mutation.js';
import { type Options, readOptions, usage } from './options.js';
import { randomOf } from './random.js';
import { runFuzz } from './run.js';
import { makeTargets, type Target } from './targets.js';

function show(targets: readonly Target[], { only, seed }: Options, index: number): void {
  const number = targets.findIndex(({ name }) => name === only);
  console.log(JSON.stringify(mutate(targets[number]?.samples ?? [], randomOf(seed, number, index))));
}

async function fuzz(options: Options): Promise<number> {
  const report = await runFuzz({
    seed: options.seed,
    count: options.count,
    ...(options.only === undefined ? {} : { only: options.only }),
    onTarget: ({ name, inputs, refused, seconds, slowest, growth, findings }) => {
      const each = ((seconds / inputs) * 1e6).toFixed(0);
      const line = `${name}: ${inputs} inputs, ${refused} refused, ${each} µs each, slowest ${slowest.toFixed(1)} ms, heap +${(growth / 1e6).toFixed(1)} MB`;
      process.stderr.write(`${line}${findings.length > 0 ? `, ${findings.length} FINDINGS` : ''}\n`);
    },
  });
  if (options.json) console.log(JSON.stringify(report, null, 2));
  for (const { target, index, fault } of report.findings.slice(0, 20))
    process.stderr.write(`${target} ${index}: ${fault}\n`);
  process.stderr.write(
    `${report.inputs} inputs in ${report.seconds.toFixed(0)} s, ${report.findings.length} findings\n`,
  );
  return report.findings.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  const targets = await makeTargets();
  let options: Options;
  try {
    options = readOptions(
      process.argv.slice(2),
      targets.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`fuzz: ${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
  if (options.help) process.stdout.write(usage);
  else if (options.show === undefined) return fuzz(options);
  else show(targets, options, options.show);
  return 0;
}

process.exitCode = await main();
