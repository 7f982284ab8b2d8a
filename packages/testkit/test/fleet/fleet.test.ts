import { MemoryBroker, parseFact } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  Caller,
  createTempFolder,
  emulateFleet,
  type Faults,
  mockAgent,
  useTestPki,
  waitFor,
} from '../../src/index.js';
import { gauge } from '../author/gauge.js';

const ping = { agent: 'rpcutil', action: 'ping' };

async function fleetOf(instances: number, faults?: Faults) {
  const broker = new MemoryBroker();
  const fleet = await emulateFleet({
    instances,
    broker,
    facts: (index) => ({ index, even: index % 2 === 0 }),
    agents: (index) => [mockAgent(gauge, { read: { value: index, unit: 'C' } })],
    ...(faults && { faults: () => faults }),
  });
  return { fleet, caller: new Caller({ transport: broker.connect() }) };
}

describe('emulateFleet', () => {
  it('runs daemons with names, facts and agents of their own', async () => {
    const { fleet, caller } = await fleetOf(3);
    expect(fleet.nodes.map(({ identity }) => identity)).to.deep.equal([
      'node-1.fleet',
      'node-2.fleet',
      'node-3.fleet',
    ]);
    expect(fleet.connected()).to.equal(3);
    const reply = await caller.call({ identity: 'node-3.fleet', agent: 'gauge', action: 'read' });
    expect(reply.data).to.deep.equal({ value: 2, unit: 'C' });
    const filter = { facts: [parseFact('even=true')], classes: [], agents: [], identities: [], compound: [] };
    const outcomes = fleet.nodes.map(({ identity }) => caller.call({ identity, ...ping, filter }));
    expect((await Promise.all(outcomes)).map(({ outcome }) => outcome)).to.deep.equal([
      'ok',
      'unmatched',
      'ok',
    ]);
    expect(() => fleet.node('nobody')).to.throw('no node "nobody" in this fleet');
    await fleet.close();
  });

  it('loses what it is told to lose, and heals', async () => {
    const { fleet, caller } = await fleetOf(1, { lose: 1 });
    const node = fleet.node('node-1.fleet');
    const lost = await caller
      .call({ identity: node.identity, ...ping, giveUpAfter: 0.3 })
      .catch((error: Error) => error);
    expect(String(lost)).to.contain('timeout: no result of rpcutil#ping from node-1.fleet within 0.3 s');
    node.faults = {};
    expect(await caller.call({ identity: node.identity, ...ping })).to.include({ outcome: 'ok' });
    await fleet.close();
  });

  it('runs a request once although it comes twice', async () => {
    const broker = new MemoryBroker();
    let runs = 0;
    const counting = mockAgent(gauge, { read: () => ({ value: ++runs }) });
    await using _fleet = await emulateFleet({
      instances: 1,
      broker,
      agents: [counting],
      faults: () => ({ double: 1 }),
    });
    const caller = new Caller({ transport: broker.connect() });
    const read = () => caller.call({ identity: 'node-1.fleet', agent: 'gauge', action: 'read' });
    expect((await read()).data.value).to.equal(1);
    expect((await read()).data.value).to.equal(2);
  });

  it("says that a request is too old by a node's wrong clock", async () => {
    const { fleet, caller } = await fleetOf(1, { skew: 3_600_000 });
    const { outcome, statusmsg } = await caller.call({ identity: 'node-1.fleet', ...ping });
    expect(outcome).to.equal('expired');
    expect(statusmsg).to.match(/36\d\d s old/);
    await fleet.close();
  });

  it('writes dots in topics as RabbitMQ needs them', async () => {
    const broker = new MemoryBroker();
    const topics = new Set<string>();
    await broker.connect().subscribe('#', (_payload, topic) => topics.add(topic));
    await using _fleet = await emulateFleet({ instances: 1, broker, escape: true });
    await waitFor('presence', () => topics.size > 0);
    for (const topic of topics) expect(topic).to.contain('/node-1%2Efleet');
  });

  it('refuses faults for a node that was to have none', async () => {
    const { fleet } = await fleetOf(1);
    const node = fleet.node('node-1.fleet');
    expect(() => {
      node.faults = { lose: 1 };
    }).to.throw('has no faulty connection');
    await fleet.close();
  });

  for (const keyType of ['rsa', 'p256', 'ed25519'] as const) {
    it(`signs with certificates and a shared key: ${keyType}`, async () => {
      await using folder = await createTempFolder();
      const pki = await useTestPki(folder.join('pki'));
      const broker = new MemoryBroker();
      const fleet = await emulateFleet({ instances: 2, broker, security: { mode: 'x509', pki, keyType } });
      const anybody = new Caller({ transport: broker.connect() });
      const refused = await anybody
        .call({ identity: 'node-2.fleet', ...ping, giveUpAfter: 0.3 })
        .catch(String);
      expect(refused).to.contain('timeout: no result of');
      expect(fleet.node('node-2.fleet').daemon.node.stats).to.include({ unvalidated: 1, validated: 0 });
      await fleet.close();
    });
  }
});
