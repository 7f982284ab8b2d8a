import { expect } from 'chai';
import { describe, it } from 'mocha';
import { castOf, type Size } from '../src/cast.js';
import { scheduleOf } from '../src/schedule.js';

const size: Size = { seed: 7, nodes: 40, masters: 2, provisioners: 3, groups: 4, seconds: 60 };

describe('the plan of a run', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(scheduleOf(size)).to.deep.equal(scheduleOf(size));
    expect(castOf(size)).to.deep.equal(castOf(size));
    expect(scheduleOf({ ...size, seed: 8 })).to.not.deep.equal(scheduleOf(size));
    expect(castOf({ ...size, seed: 8 })).to.not.deep.equal(castOf(size));
  });

  it('breaks everything that can be broken, in the order of time and within its time', () => {
    const faults = scheduleOf(size);
    const kinds = new Set(faults.map(({ deed, target }) => `${deed} ${target.replace(/ \d+$/, '')}`));
    expect([...kinds].sort()).to.deep.equal([
      'cut power',
      'kill broker',
      'kill master',
      'kill nodes',
      'kill notifier',
      'kill provisioner',
      'pause broker',
      'pause master',
      'pause nodes',
      'pause notifier',
      'pause provisioner',
      'spoil wire of master',
      'spoil wire of nodes',
    ]);
    const times = faults.map(({ at }) => at);
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    expect(times.at(-1)).to.be.at.most(size.seconds);
  });

  it('has nodes with something wrong among many that are healthy, in every group', () => {
    const roles = castOf(size);
    expect(roles.filter(({ behaviour }) => behaviour === 'healthy')).to.have.lengthOf(36);
    expect(new Set(roles.map(({ group }) => group))).to.deep.equal(new Set([0, 1, 2, 3]));
  });
});
