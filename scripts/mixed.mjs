#!/usr/bin/env node
// npm run test:mixed: daemons and clients of an earlier commit with those of this one, on real brokers. Arguments go to mocha.
import { buildOf, HistoryMissing, OLD_COMMIT } from './mixed/old-build.mjs';
import { endWithNpm } from './parent.mjs';
import { explain, root, setup } from './setup.mjs';
import { runParts } from './stages.mjs';
import { removeStale } from './stale.mjs';
import { totals } from './totals.mjs';

// The files of the suite do not end in .test.js, so that npm test does not run them. The two parts take about the same time.
const PARTS = [
  ['embedded', 'upgrading'],
  ['mosquitto', 'provisioning'],
].map((names) => names.map((name) => `packages/cli/dist/test/mixed/${name}.suite.js`));
const MOCHA = { cwd: root, mocha: 'node_modules/mocha/bin/mocha.js', reporter: './scripts/reporter.mjs' };
const OPTIONS = ['--no-config', '--no-package', '--require', './scripts/unhandled-rejections.mjs'];

endWithNpm();
try {
  await setup({ build: true, puppet: false });
  removeStale(root);
  const report = (text) => console.error(`test:mixed: ${text}`);
  const old = await buildOf(root, OLD_COMMIT, { report });
  console.log(`old: ${OLD_COMMIT.slice(0, 7)}, built in ${old}\nnew: this clone, ${root}\n`);
  process.env.TROUPE_OLD_BUILD = old;
  const words = process.argv.slice(2);
  const { counts, problems } = await runParts(
    PARTS.map((files) => [...OPTIONS, ...files, ...words]),
    MOCHA,
  );
  if (problems.length > 0) console.log(`\nFailed:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
  counts.failed += problems.length;
  if (counts.failed > 0) process.exitCode = 1;
  console.log(`\n${totals(counts)}`);
} catch (error) {
  if (error instanceof HistoryMissing) {
    console.error(`test:mixed: ${error.message}`);
    process.exitCode = 1;
  } else {
    process.exitCode = explain(error, 'test:mixed');
  }
}
