import { expect } from 'chai';
import { describe, it } from 'mocha';
import { delayAfter } from '../../src/spool/policy.js';

const policy = { first_delay: 10, max_delay: 100 };

describe('the delay before the next attempt', () => {
  for (const [attempts, least, most] of [
    [1, 5, 10],
    [2, 10, 20],
    [4, 40, 80],
    [5, 50, 100],
    [1000, 50, 100],
  ] as const) {
    it(`is between ${least} and ${most} s after ${attempts} attempts`, () => {
      expect(delayAfter(attempts, policy, 0)).to.equal(least * 1000);
      expect(delayAfter(attempts, policy, 1)).to.equal(most * 1000);
    });
  }

  it('is what the other side asks for where that is longer, up to a day', () => {
    expect(delayAfter(1, policy, 1, 60)).to.equal(60_000);
    expect(delayAfter(1, policy, 1, 3)).to.equal(10_000);
    expect(delayAfter(1, policy, 1, 1e9)).to.equal(86_400_000);
  });
});
