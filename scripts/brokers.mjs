#!/usr/bin/env node
// npm run brokers: runs the tests over all brokers and writes what works on each into docs/brokers.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { noArguments } from './command-line.mjs';
import { root } from './setup.mjs';

noArguments(
  'brokers',
  'Usage: npm run brokers\n\nRuns the tests with every broker and writes the supported features to docs/brokers.md.',
);

const PAGE = join(root, 'docs/brokers.md');
const [BEGIN, END] = ['<!-- made by npm run brokers: begin -->', '<!-- end -->'];
const SUITE = ['packages/client/dist/test/integration/brokers.test.js'];
const HOSTILE = ['hostile', 'mosquitto', 'stolen-account', 'newcomers'].map(
  (name) => `packages/hostile/dist/test/integration/${name}.test.js`,
);
const DEBIAN = { Mosquitto: 'mosquitto', 'NATS cluster': 'nats-server', RabbitMQ: 'rabbitmq-server' };

const folder = mkdtempSync(join(tmpdir(), 'troupe-brokers-'));
try {
  node(['node_modules/typescript/bin/tsc', '--build', 'packages/hostile']);
  const works = outcomes(SUITE);
  const refused = outcomes(HOSTILE);
  const text = `${matrix(works)}\n\n${attempts(refused)}`;
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  writeFileSync(PAGE, `${page.slice(0, before)}\n\n${text}\n\n${page.slice(after)}`);
  node(['node_modules/@biomejs/biome/bin/biome', 'check', '--write', PAGE]);
  const all = [...works, ...refused];
  const bad = all.filter(({ state }) => state === 'failed');
  for (const { path, error } of bad) console.error(`failed: ${path.join(': ')}: ${error}`);
  const counts = ['passed', 'failed', 'skipped'].map(
    (state) => `${all.filter((each) => each.state === state).length} ${state}`,
  );
  console.log(`docs/brokers.md: ${counts.join(', ')}`);
  if (bad.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function node(args, options = {}) {
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.status !== 0 && !options.mayFail) process.exit(done.status ?? 1);
}

// Each test as the titles that lead to it, and how it ended.
function outcomes(files) {
  const output = join(folder, `${basename(files[0])}.json`);
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${output}`];
  const args = [
    'node_modules/mocha/bin/mocha.js',
    '--no-package',
    '--timeout',
    '20000',
    ...reporter,
    ...files,
  ];
  node(args, { stdio: ['ignore', 'ignore', 'inherit'], mayFail: true });
  const { tests, passes, pending } = JSON.parse(readFileSync(output, 'utf8'));
  const [passed, skipped] = [passes, pending].map((list) => new Set(list.map(({ fullTitle }) => fullTitle)));
  return tests.map(({ fullTitle, title, err }) => ({
    title,
    suite: fullTitle.slice(0, -title.length).trim(),
    path: [fullTitle],
    state: passed.has(fullTitle) ? 'passed' : skipped.has(fullTitle) ? 'skipped' : 'failed',
    error: err?.message ?? '',
  }));
}

function matrix(tests) {
  const cells = tests.map((test) => ({ ...test, broker: test.suite.replace(/^Troupe over /, '') }));
  const brokers = [...new Set(cells.map(({ broker }) => broker))].filter(
    (name) => !name.endsWith(' the daemon'),
  );
  const titles = [];
  for (const { title, broker } of cells)
    if (brokers.includes(broker) && !titles.includes(title)) titles.push(title);
  const word = { passed: 'yes', failed: '**no**', skipped: 'not run' };
  const rows = titles.map((title) => {
    const marks = brokers.map((broker) => {
      const cell = cells.find((each) => each.title === title && each.broker === broker);
      return cell ? word[cell.state] : '–';
    });
    return [title, ...marks];
  });
  return table([['', ...brokers.map(heading)], ...rows]);
}

function attempts(tests) {
  const groups = new Map();
  for (const { suite, state } of tests) {
    const group = groups.get(suite) ?? { passed: 0, failed: 0, skipped: 0 };
    group[state] += 1;
    groups.set(suite, group);
  }
  const rows = [...groups].map(([suite, { passed, failed, skipped }]) => [
    suite || 'the table itself',
    `${passed}`,
    `${failed}`,
    `${skipped}`,
  ]);
  return table([['attempts with a stolen account', 'as expected', 'not', 'not run'], ...rows]);
}

function heading(broker) {
  const name = DEBIAN[broker];
  if (!name) return broker;
  const { stdout } = spawnSync('dpkg', ['-s', name], { encoding: 'utf8' });
  return `${broker} ${/^Version: ([\d.]+)/m.exec(stdout)?.[1] ?? ''}`.trim();
}

function table([head, ...rows]) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
