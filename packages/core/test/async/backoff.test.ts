import { expect } from 'chai';
import { describe, it } from 'mocha';
import { equalJitterBackoff } from '../../src/async/index.js';

describe('back-off', () => {
  const options = { first: 500, most: 60_000 };

  it('doubles up to its bound', () => {
    const waits = [1, 2, 3, 8, 40].map((attempt) => equalJitterBackoff(attempt, options, () => 1));
    expect(waits).to.deep.equal([500, 1000, 2000, 60_000, 60_000]);
  });

  it('never waits less than half of the bound', () => {
    expect(equalJitterBackoff(3, options, () => 0)).to.equal(1000);
  });
});
