import { openMqtt, type Presence, parsePresence, silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { startNetwork, type TestNetwork, waitFor } from '../../../src/index.js';

describe('startNetwork', () => {
  for (const security of ['none', 'x509'] as const) {
    describe(`with security ${security}`, () => {
      let network: TestNetwork;

      before(async () => {
        network = await startNetwork({
          nodes: 2,
          security,
          facts: (index) => ({ index }),
          faults: (index) => (index === 1 ? {} : undefined),
        });
      });

      after(() => network.close());

      it('calls its nodes over the broker', async () => {
        const calls = network.fleet.nodes.map(({ identity }) =>
          network.call({ identity, agent: 'rpcutil', action: 'get_fact', input: { fact: 'index' } }),
        );
        expect((await Promise.all(calls)).map(({ data }) => data.value)).to.deep.equal([0, 1]);
      });

      it('brings a node back that was cut off', async () => {
        const node = network.fleet.node('node-2.fleet');
        node.cut();
        await waitFor('the node to notice', () => !node.isConnected);
        expect(() => network.fleet.node('node-1.fleet').cut()).to.throw('has no faulty connection');
        const { connections } = node;
        node.mend();
        await waitFor('the node to come back', () => node.connections > connections && node.isConnected);
        const { outcome } = await network.call({ identity: node.identity, agent: 'rpcutil', action: 'ping' });
        expect(outcome).to.equal('ok');
      });
    });
  }

  it('has the broker tell that a node which was cut off is offline', async () => {
    await using network = await startNetwork({ nodes: 1, faults: () => ({}) });
    const records: Presence[] = [];
    const transport = openMqtt({
      urls: [network.url],
      clientId: 'watcher',
      credentials: {},
      keepalive: 30,
      log: silentLogger,
    });
    await transport.subscribe('mco/mcollective/presence/#', (payload) => {
      const record = parsePresence(payload);
      if (record) records.push(record);
    });
    await waitFor('the record of the node', () => records.at(-1)?.online === true);
    network.fleet.node('node-1.fleet').cut();
    await waitFor('the will of the node', () => records.at(-1)?.online === false);
    await transport.close();
  });
});
