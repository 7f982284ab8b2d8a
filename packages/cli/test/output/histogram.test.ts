import { expect } from 'chai';
import { describe, it } from 'mocha';
import { histogram } from '../../src/output/histogram.js';

describe('the graph of ping', () => {
  it('counts all times, in a few rows of one width', () => {
    expect(histogram([12, 13, 31], 60)).to.have.length(10);
    expect(histogram([12, 13, 31], 60)[0]).to.equal(`   12 to 14 ms     2  ${'#'.repeat(36)}`);
    for (const times of [[1], [5, 5, 5], [3, 4999], [0, 100_000], [40, 45, 52, 60, 199]]) {
      const rows = histogram(times, 80);
      expect(rows.length).to.be.within(1, 15);
      const counts = rows.map((row) => Number(/ms +(\d+)/.exec(row)?.[1]));
      expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(times.length);
    }
  });
  it('is empty if no node responded', () => expect(histogram([], 80)).to.deep.equal([]));
});
