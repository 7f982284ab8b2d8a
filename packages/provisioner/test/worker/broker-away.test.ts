import { TroupeError } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };

describe('a provisioner that loses its broker', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
  });
  afterEach(() => testbed.close());

  it('while it waits for a node to come back, does not take that for the fault of the node', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    const { client } = watched;
    const presence = client.presence.bind(client);
    machine.before = (action) => {
      if (action !== 'restart') return;
      client.presence = async () => {
        client.presence = presence;
        throw new TroupeError('NOT_CONNECTED', 'not connected to a broker');
      };
    };
    const report = await watched.ended('web1');
    expect(report.failure).to.equal(undefined);
    expect(report.outcome).to.equal('done');
    expect(client.presence).to.equal(presence);
  });

  it('asks nobody while it is away, and goes on by itself', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { client } = watched;
    const connected = client.whenConnected.bind(client);
    let isBack = () => {};
    const back = new Promise<void>((resolve) => {
      isBack = resolve;
    });
    let waits = 0;
    client.whenConnected = async (signal) => {
      waits += 1;
      await back;
      return connected(signal);
    };
    const { machine } = await testbed.node('web1', { facts: eu });
    let looks = 0;
    machine.before = (action) => {
      if (action === 'status') looks += 1;
    };
    await watched.event('arrived', 'web1');
    await waitFor('the wait', () => waits === 1);
    // Some of its looks for nodes.
    await (await testbed.provisioner('policy: { deny: [web1] }\nsleeptime: 0.1')).event('left', 'web1');
    expect(waits).to.equal(1);
    expect(watched.of('waiting')).to.have.length(0);
    isBack();
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(looks).to.be.greaterThan(0);
  });
});
