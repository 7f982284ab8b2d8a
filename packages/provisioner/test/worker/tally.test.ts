import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Tally } from '../../src/worker/tally.js';

const step = (name: string, seconds: number) => ({ step: name, outcome: 'ok', seconds });

describe('the tally of a provisioning', () => {
  let now: number;
  beforeEach(() => {
    now = 5_000;
    mock.method(performance, 'now', () => now);
  });
  afterEach(() => mock.restoreAll());

  it('counts the seconds since it began, and without the runs of Puppet', () => {
    const tally = new Tally();
    now += 60_000;
    tally.addPuppet(20);
    tally.addPuppet(10);
    expect(tally.times()).to.deep.equal({ seconds: 60, secondsOutsidePuppet: 30 });
  });

  it('counts what others did before', () => {
    const tally = new Tally();
    tally.addRecorded(step('lock', 3), false);
    tally.addRecorded(step('puppet_final_run', 40), true);
    now += 2_000;
    expect(tally.times()).to.deep.equal({ seconds: 45, secondsOutsidePuppet: 5 });
  });

  it('never counts less than no time outside Puppet', () => {
    const tally = new Tally();
    tally.addPuppet(20);
    expect(tally.times().secondsOutsidePuppet).to.equal(0);
  });

  it('has each step as it ended last, in the order of their ends', () => {
    const tally = new Tally();
    tally.addRecorded(step('a', 1), false);
    tally.addRecorded(step('a', 9), true);
    tally.add(step('b', 2));
    tally.add(step('c', 3));
    tally.add(step('b', 4));
    expect(tally.steps()).to.deep.equal([step('a', 1), step('c', 3), step('b', 4)]);
    expect(tally.times()).to.deep.equal({ seconds: 1, secondsOutsidePuppet: 1 });
  });
});
