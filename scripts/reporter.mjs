import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { totals } from './totals.mjs';

const { Base } = Mocha.reporters;
const { constants } = Mocha.Runner;
const LEFT_OPEN_SECONDS = 5;

/** Why a test was skipped: `skipReason` of the test, or of the nearest suite around it. */
export function skipReason(test) {
  for (let place = test; place; place = place.parent) if (place.skipReason) return place.skipReason;
  return 'no reason given';
}

/**
 * Prints suites, tests, failures with their stacks, skipped tests with their reasons, and the totals as last line.
 * With the reporter option `result=FILE` the totals go to that file as JSON instead, for scripts/test.mjs.
 */
export default class Reporter extends Base {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    let passed = 0;
    let depth = 0;
    const print = (text) => Base.consoleLog('  '.repeat(depth) + text);

    runner.on(constants.EVENT_SUITE_BEGIN, (suite) => {
      if (!suite.root) print(suite.title);
      depth += 1;
    });
    runner.on(constants.EVENT_SUITE_END, () => {
      depth -= 1;
    });
    runner.on(constants.EVENT_TEST_PASS, (test) => {
      passed += 1;
      const time = test.speed === 'fast' ? '' : Base.color(test.speed, ` (${test.duration} ms)`);
      print(Base.color('checkmark', '✓ ') + Base.color('pass', test.title) + time);
    });
    runner.on(constants.EVENT_TEST_PENDING, (test) => {
      skipped.push(test);
      print(Base.color('pending', `- ${test.title}`));
    });
    runner.on(constants.EVENT_TEST_FAIL, (test) => {
      print(Base.color('fail', `${this.failures.length}) ${test.title}`));
    });
    runner.once(constants.EVENT_RUN_END, () => {
      if (this.failures.length > 0) {
        Base.consoleLog('\nFailed:');
        Base.list(this.failures);
      }
      if (skipped.length > 0) Base.consoleLog('\nSkipped:');
      for (const test of skipped) Base.consoleLog(`  - ${test.fullTitle()}: ${skipReason(test)}`);
      const counts = { passed, failed: this.failures.length, skipped: skipped.length };
      const file = options.reporterOptions?.result;
      if (file) writeFileSync(file, JSON.stringify(counts));
      else Base.consoleLog(`\n${totals(counts)}`);
      setTimeout(() => {
        const open = process.getActiveResourcesInfo().filter((kind) => kind !== 'TTYWrap');
        console.error(`The tests have ended, but these resources are still open: ${open.join(', ')}`);
      }, LEFT_OPEN_SECONDS * 1000).unref();
    });
  }
}
