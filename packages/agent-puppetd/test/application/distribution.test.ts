import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distributionOf, sparkline } from '../../src/application/distribution.js';

describe('a distribution', () => {
  it('counts values in equal parts of their range', () => {
    expect(distributionOf([0, 1, 2, 3, 4, 10], 5)).to.deep.equal({
      counts: [2, 2, 1, 0, 1],
      min: 0,
      average: 20 / 6,
      max: 10,
    });
  });

  it('puts equal values into the first part', () => {
    expect(distributionOf([3, 3], 4)).to.deep.equal({ counts: [2, 0, 0, 0], min: 3, average: 3, max: 3 });
  });

  it('is nothing without values', () => {
    expect(distributionOf([])).to.equal(undefined);
  });

  it('is drawn so that one value among many is seen', () => {
    expect(sparkline([0, 1, 50, 100])).to.equal('▁▂▅█');
    expect(sparkline([0, 0])).to.equal('▁▁');
  });
});
