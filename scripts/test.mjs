#!/usr/bin/env node
// npm test: set-up, lint, types of the DDLs, build, tests. A stage that fails counts as a failure and the next one
// still runs; the last line is always "N passed, N failed, N skipped". Arguments go to mocha.
import { endWithNpm } from './parent.mjs';
import { explain, root, setup } from './setup.mjs';
import { runParts, runStage } from './stages.mjs';
import { removeStale } from './stale.mjs';
import { totals } from './totals.mjs';

const STAGES = [
  ['lint', ['node_modules/@biomejs/biome/bin/biome', 'check']],
  ['types of the DDLs', ['ddl/types.mjs', '--check']],
  ['build', ['node_modules/typescript/bin/tsc', '--build']],
];
// Two parts that take about the same time: all that runs Puppet or provisions, and the rest.
const PUPPET = ['agent-*', 'provisioner', 'emulator'];
const SCRIPTS = 'scripts/test/**/*.test.mjs';
const PARTS = [
  ['--ignore', `packages/!(${PUPPET.join('|')})/**`],
  [SCRIPTS, '--ignore', `packages/{${PUPPET}}/**`, '--ignore', '{demo,chaos}/**'],
];
const MOCHA = { cwd: root, mocha: 'node_modules/mocha/bin/mocha.js', reporter: './scripts/reporter.mjs' };

const failures = [];
let counts = { passed: 0, failed: 0, skipped: 0 };
let stage = 'set-up';
endWithNpm();
try {
  await setup();
  removeStale(root);
  for (const [name, args] of STAGES) {
    stage = name;
    console.log(`== ${stage}`);
    const problem = await runStage(args, { cwd: root });
    if (problem) failures.push(`${stage}: ${problem} from node ${args.join(' ')}`);
  }
  stage = 'tests';
  console.log(`== ${stage}`);
  const words = process.argv.slice(2);
  const result = await runParts(
    PARTS.map((part) => [...part, ...words]),
    MOCHA,
  );
  counts = result.counts;
  failures.push(...result.problems.map((problem) => `${stage}: ${problem}`));
} catch (error) {
  process.exitCode = explain(error, stage);
  failures.push(`${stage}: ${error.message.split('\n', 1)[0]}`);
}

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((line) => `  - ${line}`).join('\n')}`);
counts.failed += failures.length;
if (counts.failed > 0) process.exitCode ||= 1;
console.log(`\n${totals(counts)}`);
