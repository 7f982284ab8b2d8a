import { expect } from 'chai';
import { describe, it } from 'mocha';
import { roundsOf } from '../../src/kill-loop/plan.js';

describe('the plan of a kill loop', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(roundsOf(7, 20)).to.deep.equal(roundsOf(7, 20));
    expect(roundsOf(8, 20)).to.not.deep.equal(roundsOf(7, 20));
  });

  it('begins as a shorter one does', () => {
    expect(roundsOf(7, 20).slice(0, 5)).to.deep.equal(roundsOf(7, 5));
  });

  it('kills at every kind of moment within five rounds', () => {
    for (const seed of [1, 2, 3]) {
      const kinds = roundsOf(seed, 5).map(({ moment }) => moment.kind);
      expect(kinds.sort()).to.deep.equal([
        'after the handler',
        'at the audit',
        'at the journal',
        'in flight',
        'in the handler',
      ]);
    }
  });

  it('kills at a point that its requests reach', () => {
    for (const { moment, requests } of roundsOf(3, 200)) {
      const most = 'point' in moment && moment.point.file === 'marks.jsonl' ? 2 : 1;
      if ('point' in moment) expect(moment.point.nth).to.be.within(1, most * requests.length);
      if (moment.kind === 'in the handler') expect(moment.begun).to.be.within(1, requests.length);
    }
  });
});
