import { expect } from 'chai';
import { describe, it } from 'mocha';
import { backoffSeconds } from '../../src/index.js';

describe('backoffSeconds', () => {
  const limits = { first: 5, most: 60 };

  it('doubles up to the most', () => {
    expect([1, 2, 3, 4, 5, 100].map((n) => backoffSeconds(n, limits, () => 0.5))).to.deep.equal([
      5, 10, 20, 40, 60, 60,
    ]);
  });

  it('spreads by a half in both directions', () => {
    expect(backoffSeconds(1, limits, () => 0)).to.equal(2.5);
    expect(backoffSeconds(1, limits, () => 1)).to.equal(7.5);
  });
});
