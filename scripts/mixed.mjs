#!/usr/bin/env node
// npm run test:mixed: daemons and clients of an earlier commit with those of this one, on real brokers. Arguments go to mocha.
import { buildOf, HistoryMissing, OLD_COMMIT } from './mixed/old-build.mjs';
import { endWithNpm } from './parent.mjs';
import { explain, root, setup } from './setup.mjs';
import { runMocha } from './stages.mjs';
import { removeStale } from './stale.mjs';
import { totals } from './totals.mjs';

// Its files do not end in .test.js, so that npm test does not run them.
const SUITE = 'packages/cli/dist/test/mixed/**/*.suite.js';
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
  const { counts, problem } = await runMocha([...OPTIONS, SUITE, ...process.argv.slice(2)], MOCHA);
  if (problem) {
    console.log(`\nFailed:\n  - ${problem}`);
    counts.failed += 1;
  }
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
