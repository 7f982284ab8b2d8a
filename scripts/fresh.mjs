#!/usr/bin/env node
// npm run test:fresh: the commands of the README on a machine that has nothing but a minimal Debian, Node and npm.
import { CommandFailed, Interrupted } from './command.mjs';
import { oneOf, orEnd, readArguments } from './command-line.mjs';
import { debians, FreshFailed, tryOn } from './fresh/machine.mjs';
import { endWithNpm } from './parent.mjs';
import { root } from './setup.mjs';

const HELP = `npm run test:fresh [-- --quick] [--debian VERSION] [--run COMMAND] [--keep]

Bootstraps a minimal Debian in a temporary folder, clones HEAD into it and runs there, as root and with network:
  npm run demo, npm test       or with --quick
  npm run setup, npm run demo, npm run check

  --quick           only setup, demo and unit tests
  --debian VERSION  ${Object.keys(debians).join(' or ')}; can be repeated (default: all)
  --run COMMAND     run this npm command instead, such as "run brokers"; can be repeated
  --keep            keep the folder and print its path

Requires root and debootstrap. Exit codes: 0 if all commands succeeded and every skipped test has a reason; 2 usage error.
`;

const FULL = [['run', 'demo'], ['test']];
const QUICK = [
  ['run', 'setup'],
  ['run', 'demo'],
  ['run', 'check'],
];

function options() {
  const { values } = readArguments({
    options: {
      quick: { type: 'boolean', default: false },
      debian: { type: 'string', multiple: true, default: Object.keys(debians) },
      run: { type: 'string', multiple: true },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  for (const version of values.debian) oneOf('--debian', version, Object.keys(debians));
  return values;
}

function print(results) {
  const rows = results.map(({ debian, node, command, seconds, problem, totals }) => [
    `Debian ${debian}`,
    `Node ${node}`,
    command,
    `${seconds} s`,
    problem ?? totals ?? 'exit 0',
  ]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log(`\nOn fresh machines:`);
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join('  ')
        .trimEnd()}`,
    );
}

const { quick, debian, run, keep, help } = orEnd('test:fresh', HELP, options);
endWithNpm();
try {
  if (help) {
    console.log(HELP);
  } else {
    const commands = run?.map((words) => words.split(' ')) ?? (quick ? QUICK : FULL);
    const results = [];
    for (const version of debian) {
      results.push(...(await tryOn(version, { source: root, commands, keep })));
    }
    print(results);
    if (results.some(({ problem }) => problem)) process.exitCode = 1;
  }
} catch (error) {
  const isOwn = [FreshFailed, CommandFailed, Interrupted].some((kind) => error instanceof kind);
  console.error(isOwn ? `test:fresh: ${error.message}` : error);
  process.exitCode = error.exitCode ?? 1;
}
