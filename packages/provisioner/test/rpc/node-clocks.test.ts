import { expect } from 'chai';
import { describe, it } from 'mocha';
import { NodeClocks, wordsOfClock } from '../../src/rpc/node-clocks.js';

const hour = 3_600_000;

describe('the clocks of nodes', () => {
  for (const [what, offset, wrong, dated] of [
    ['right', 4_000, undefined, 0],
    ['nearly right', -45_000, undefined, -45_000],
    ['ten minutes behind', -600_000, -600_000, -600_000],
    ['a day ahead', 24 * hour, 24 * hour, 24 * hour],
    ['years behind', -9000 * hour, -9000 * hour, 0],
  ] as const)
    it(`are dated by if that is safe: ${what}`, () => {
      const clocks = new NodeClocks();
      clocks.note('web1', { clockOffset: offset, seconds: 0.1 });
      expect([clocks.wrongBy('web1'), clocks.datedBy('web1')]).to.deep.equal([wrong, dated]);
    });

  it('are right again as soon as a reply says so', () => {
    const clocks = new NodeClocks();
    clocks.note('web1', { clockOffset: 600_000, seconds: 0.1 });
    clocks.note('web1', { clockOffset: 10, seconds: 0.1 });
    expect(clocks.wrongBy('web1')).to.equal(undefined);
  });

  it('are not measured by a reply that came late, or by none', () => {
    const clocks = new NodeClocks();
    clocks.note('web1', { clockOffset: -90_000, seconds: 95 });
    clocks.note('web1', { seconds: 10 });
    expect(clocks.wrongBy('web1')).to.equal(undefined);
  });

  for (const [offset, words] of [
    [-75_000, 'its clock is 1 min 15 s behind'],
    [600_000, 'its clock is 10 min ahead'],
    [-24 * hour, 'its clock is 1 d behind'],
    [25 * hour + 60_000, 'its clock is 1 d 1 h ahead'],
    [61_000, 'its clock is 1 min 1 s ahead'],
    [-2 * hour - 120_000, 'its clock is 2 h 2 min behind'],
  ] as const)
    it(`are described: ${words}`, () => expect(wordsOfClock(offset)).to.equal(words));
});
