import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { World } from './fixtures/world.js';

const eu = { region: 'eu', country: 'de' };

describe('a provisioner that loses its broker', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.close());

  it('while it waits for a node to come back, does not take that for the fault of the node', async () => {
    await world.master('puppet1', eu);
    const watched = await world.provisioner();
    const { machine } = await world.node('web1', { facts: eu });
    const { client } = watched;
    const presence = client.presence.bind(client);
    machine.before = (action) => {
      if (action !== 'restart') return;
      client.presence = async () => {
        client.presence = presence;
        throw new TroupeError('NOT_CONNECTED', 'there is no broker now');
      };
    };
    const report = await watched.ended('web1');
    expect(report.failure).to.equal(undefined);
    expect(report.outcome).to.equal('done');
    expect(client.presence).to.equal(presence);
  });
});
