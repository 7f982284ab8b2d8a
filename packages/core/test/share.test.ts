import { expect } from 'chai';
import { describe, it } from 'mocha';
import { hasShare, Shares } from '../src/share.js';

/** How much each of so many greedy peers gets, one after the other. */
function filled(peers: number, most: number, size = 1): number[] {
  const own = Array.from({ length: peers }, () => 0);
  const all = () => own.reduce((sum, one) => sum + one, 0);
  for (let isFull = false; !isFull; ) {
    isFull = true;
    for (const [index, taken] of own.entries()) {
      if (!hasShare({ own: taken, all: all(), most, size })) continue;
      own[index] = taken + size;
      isFull = false;
    }
  }
  return own;
}

describe('hasShare', () => {
  it('gives one peer four fifths, and leaves the rest for others', () => {
    expect(filled(1, 100)).to.deep.equal([80]);
    expect(filled(1, 1000, 10)).to.deep.equal([800]);
  });

  it('gives several peers the same, and always leaves something for one that comes later', () => {
    expect(filled(4, 100)).to.deep.equal([24, 24, 24, 23]);
    for (const peers of [1, 2, 3, 10, 20, 50]) {
      const all = filled(peers, 100).reduce((sum, one) => sum + one, 0);
      expect(hasShare({ own: 0, all, most: 100 }), `${peers}`).to.equal(true);
    }
  });

  it('gives the only place to whoever comes, and the last of several only to a peer that has none', () => {
    expect(filled(1, 1)).to.deep.equal([1]);
    expect(filled(1, 2)).to.deep.equal([1]);
    expect(filled(2, 2)).to.deep.equal([1, 1]);
    expect(hasShare({ own: 0, all: 2, most: 2 })).to.equal(false);
  });
});

describe('Shares', () => {
  it('gives places to peers until they give them back, once', () => {
    const shares = new Shares(3);
    const [one, two] = [shares.take('a'), shares.take('a')];
    expect([typeof one, typeof two, shares.take('a')]).to.deep.equal(['function', 'function', undefined]);
    expect([typeof shares.take('b'), shares.take('c'), shares.taken]).to.deep.equal([
      'function',
      undefined,
      3,
    ]);
    one?.();
    one?.();
    expect([shares.taken, typeof shares.take('c')]).to.deep.equal([2, 'function']);
  });

  it('counts bytes, and refuses what is too large for anybody', () => {
    const shares = new Shares(100);
    expect(shares.take('a', 101)).to.equal(undefined);
    const free = shares.take('a', 60);
    expect([shares.take('a', 40), shares.taken]).to.deep.equal([undefined, 60]);
    free?.();
    expect(shares.taken).to.equal(0);
  });
});
