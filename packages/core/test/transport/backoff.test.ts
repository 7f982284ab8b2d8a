import { expect } from 'chai';
import { describe, it } from 'mocha';
import { backoff } from '../../src/transport/backoff.js';

describe('backoff', () => {
  const options = { first: 500, most: 60_000 };

  it('doubles up to its bound', () => {
    const waits = [1, 2, 3, 8, 40].map((attempt) => backoff(attempt, options, () => 1));
    expect(waits).to.deep.equal([500, 1000, 2000, 60_000, 60_000]);
  });

  it('never waits less than half of the bound', () => {
    expect(backoff(3, options, () => 0)).to.equal(1000);
  });
});
