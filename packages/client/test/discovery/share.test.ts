import { expect } from 'chai';
import { describe, it } from 'mocha';
import { chunks } from '../../src/discovery/share.js';
import { batchSize, limited, pick, type Share } from '../../src/index.js';

describe('shares of nodes', () => {
  const table: readonly [Share, number, number, number][] = [
    // share, total, limited, batch
    [3, 10, 3, 3],
    [20, 10, 10, 20],
    [{ percent: 25 }, 10, 2, 3],
    [{ percent: 1 }, 10, 1, 1],
    [{ percent: 100 }, 10, 10, 10],
    [{ percent: 50 }, 0, 0, 1],
    [{ percent: 20 }, 10, 2, 2],
    [{ percent: 21 }, 10, 2, 3],
    [{ percent: 300 }, 10, 10, 30],
  ];
  for (const [share, total, limit, batch] of table) {
    it(`${JSON.stringify(share)} of ${total}`, () => {
      expect(limited(share, total)).to.equal(limit);
      expect(batchSize(share, total)).to.equal(batch);
    });
  }

  it('picks the same for the same seed, whatever the order, and each name once', () => {
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const picked = pick(names, 30, 42);
    expect(picked).to.deep.equal(pick([...names].reverse(), 30, 42));
    expect(new Set(picked).size).to.equal(30);
    expect(picked).to.not.deep.equal(pick(names, 30, 43));
    expect(pick(names, 200, 1)).to.have.length(100);
  });

  it('picks what it always picked', () => {
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    expect([0, 1, 7, 2 ** 32 - 1].map((seed) => pick(names, 3, seed).join(' '))).to.deep.equal([
      'n0 n13 n14',
      'n0 n2 n18',
      'n0 n9 n10',
      'n3 n7 n11',
    ]);
    expect(pick(names, 0, 1)).to.deep.equal([]);
  });

  it('picks every name about as often as any other', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed += 1) {
      for (const name of pick(['a', 'b', 'c', 'd'], 1, seed)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).to.be.within(400, 600);
  });

  it('cuts into groups', () => {
    expect(chunks(['a', 'b', 'c'], 2)).to.deep.equal([['a', 'b'], ['c']]);
    expect(chunks(['a', 'b', 'c', 'd'], 2)).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(chunks([], 0)).to.deep.equal([]);
  });
});
