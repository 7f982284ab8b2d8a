import { expect } from 'chai';
import { describe, it } from 'mocha';
import { courseOf, residentMemory } from '../../src/soak/memory.js';

/** Samples that begin low, and go on from one value to another. */
const samples = (from: number, to: number) => [
  ...Array.from({ length: 10 }, (_, index) => index),
  ...Array.from({ length: 30 }, (_, index) => from + ((to - from) * index) / 29),
];

describe('the memory of a process in a soak', () => {
  it('is flat if it stays, and rises only at the beginning', () => {
    const { isFlat, most } = courseOf(samples(100, 100));
    expect({ isFlat, most }).to.deep.equal({ isFlat: true, most: 100 });
  });

  it('is flat if it grows by little', () => expect(courseOf(samples(100, 110)).isFlat).to.equal(true));

  it('is not flat if it goes on to grow', () => {
    expect(courseOf(samples(100, 140)).isFlat).to.equal(false);
    expect(courseOf(samples(1000, 1300)).isFlat).to.equal(false);
  });

  it('is what the kernel counts', () => {
    const { rss } = process.memoryUsage();
    const mebibytes = rss / 1024 / 1024;
    expect(residentMemory(process.pid)).to.be.within(mebibytes * 0.8, mebibytes * 1.25);
  });
});
