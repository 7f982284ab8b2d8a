import { expect } from 'chai';
import { describe, it } from 'mocha';
import { summaryOf } from '../fresh/summary.mjs';

describe('what a command on a fresh machine says', () => {
  const output = (...lines) => ['…', ...lines, ''].join('\n');

  it('is its totals, if it ended well', () => {
    expect(summaryOf(0, output('3 passed, 0 failed, 1 skipped'))).to.deep.equal({
      totals: '3 passed, 0 failed, 1 skipped',
    });
    expect(summaryOf(0, output('setup: ready'))).to.deep.equal({});
  });

  it('is its exit code, if it failed', () => {
    expect(summaryOf(1, output('2 passed, 1 failed, 0 skipped')).problem).to.equal(
      'exit 1: 2 passed, 1 failed, 0 skipped',
    );
    expect(summaryOf(130, output()).problem).to.equal('exit 130');
  });

  it('is a skipped test that gives no reason', () => {
    const skipped = ['  - mco completes in fish: fish is not installed', '  - mco pings: no reason given'];
    expect(summaryOf(0, output(...skipped, '5 passed, 0 failed, 2 skipped')).problem).to.equal(
      'skipped without a reason: mco pings',
    );
    expect(summaryOf(0, output(skipped[0], '5 passed, 0 failed, 1 skipped')).problem).to.equal(undefined);
  });
});
