import { MemoryBroker, parseFact, Topics } from '@troupe/core';
import { emulateFleet, type Faults, type Fleet } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Client } from '../../src/index.js';
import { connectTo } from '../network.js';
import { workDdl, worker } from '../work-agent.js';

const topics = new Topics();

// As behind a leaf node of NATS: nodes of the other region reply, and the broker has no presence record of them.
describe('nodes that replied earlier', () => {
  let fleet: Fleet;
  let client: Client;
  let broker: MemoryBroker;

  async function start(instances: number, isAway: (index: number) => boolean, slow?: Faults) {
    broker = new MemoryBroker();
    fleet = await emulateFleet({
      instances,
      broker,
      agents: () => [worker().agent],
      facts: (index) => ({ region: index % 2 === 0 ? 'eu' : 'us' }),
      faults: (index) => (isAway(index) ? slow : undefined),
    });
    for (const [index, { identity }] of fleet.nodes.entries())
      if (isAway(index)) broker.route(topics.presence('mcollective', identity), new Uint8Array(), true);
    client = await connectTo(broker);
  }

  afterEach(async () => {
    await client?.close();
    await fleet?.close();
  });

  const name = (index: number) => fleet.nodes[index]?.identity ?? '';
  const inEurope = () => client.filter({ facts: [parseFact('region=eu')] });
  const gone = ['far1.lab', 'far2.lab'];

  it('are waited for, although the broker does not know them', async () => {
    await start(4, (index) => index === 2, { delay: 300 });
    const { nodes, unreachable } = await client.discover({ earlier: [name(2)] });
    expect(nodes).to.deep.equal([0, 1, 2, 3].map(name));
    expect(unreachable).to.deep.equal([]);
  });

  it('are named if they do not reply, apart from online nodes that are silent', async () => {
    await start(4, (index) => index === 2);
    const found = await client.discover({ earlier: [...gone, name(2)] });
    expect(found).to.deep.include({ nodes: [0, 1, 2, 3].map(name), silent: [], unreachable: gone });
  });

  it('are not named if the filter does not match them, in a small and in a large fleet', async () => {
    await start(6, (index) => index > 3);
    const earlier = [...gone, name(4), name(5)];
    for (const answerUnmatched of [true, false]) {
      const found = await client.discover({ filter: inEurope(), earlier, answerUnmatched });
      expect(found).to.deep.include({ nodes: [0, 2, 4].map(name), unreachable: gone });
    }
  });

  it('are all named in a large fleet if none of a sample replies', async () => {
    await start(2, () => false);
    const many = Array.from({ length: 300 }, (_, index) => `far${index}.lab`);
    const found = await client.discover({ filter: inEurope(), earlier: many, answerUnmatched: false });
    expect(found.unreachable).to.have.length(300);
  });

  it('are named by a call, which they do not become targets of', async () => {
    await start(3, (index) => index === 1);
    const call = client.call(workDdl, 'echo', { text: 'x' }, { earlier: [...gone, name(1)] });
    expect(await call.stats()).to.include({ targets: 3, ok: 3 });
    expect(call.discovery).to.deep.include({ silent: [], unreachable: gone });
  });

  it('are no topic if none are given, or if the waiting was cut short', async () => {
    await start(2, () => false);
    expect(await client.discover()).to.not.have.property('unreachable');
    const signal = AbortSignal.abort();
    expect(await client.discover({ earlier: gone, signal })).to.not.have.property('unreachable');
    expect((await client.discover({ earlier: [] })).unreachable).to.deep.equal([]);
  });
});
