import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { World } from './fixtures/world.js';

describe('a provisioner', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.close());

  it('takes a node that arrives from nothing to done', async () => {
    const { ca } = await world.master('puppet1', { region: 'eu', country: 'de' });
    await world.master('puppet2', { region: 'us', country: 'us' });
    const watched = await world.provisioner();
    const { machine } = await world.node('web1', { facts: { region: 'eu', country: 'de' } });
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('done');
    expect(report.steps.map(({ step, outcome }) => `${step} ${outcome}`)).to.deep.equal([]);
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
    expect(ca.log).to.deep.equal(['clean web1', 'sign web1']);
  });
});
