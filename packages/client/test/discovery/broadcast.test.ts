import { MemoryBroker, parseFact } from '@troupe/core';
import { emulateFleet, type Faults, type Fleet } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Client } from '../../src/index.js';
import { connectTo } from '../network.js';

describe('discovery by broadcast', () => {
  let fleet: Fleet;
  let client: Client;

  async function start(instances: number, faults: (index: number) => Faults | undefined = () => undefined) {
    const broker = new MemoryBroker();
    fleet = await emulateFleet({
      instances,
      broker,
      facts: (index) => ({ region: index % 4 === 0 ? 'eu' : 'us' }),
      faults,
    });
    client = await connectTo(broker);
  }

  afterEach(async () => {
    await client?.close();
    await fleet?.close();
  });

  const inEurope = () => client.filter({ facts: [parseFact('region=eu')] });
  const named = (fits: (index: number) => boolean) =>
    fleet.nodes.filter((_, index) => fits(index)).map(({ identity }) => identity);

  it('does not end at a pause while online nodes have not replied', async () => {
    // Every second one that matches is late by a second in all.
    await start(220, (index) => (index % 8 === 0 ? { delay: 500 } : undefined));
    const { nodes, silent } = await client.discover({ filter: inEurope() });
    expect(nodes).to.deep.equal(named((index) => index % 4 === 0));
    expect(silent).to.deep.equal([]);
  });

  it('finds out by a sample whether answers are still to come, where only those that match answer', async () => {
    await start(60, (index) => (index % 8 === 0 ? { delay: 500 } : undefined));
    const { nodes, silent } = await client.discover({ filter: inEurope(), answerUnmatched: false });
    expect(nodes).to.deep.equal(named((index) => index % 4 === 0));
    expect(silent).to.deep.equal([]);
  });

  it('asks again those whose answers were lost, and names those that stay silent', async () => {
    await start(12, (index) => (index === 4 ? { lose: 1 } : {}));
    const lossy = fleet.nodes[8];
    if (lossy) lossy.faults = { lose: 1 };
    const found = client.discover({
      filter: inEurope(),
      onNode: () => {
        if (lossy) lossy.faults = {};
      },
    });
    expect(await found).to.deep.include({
      nodes: named((index) => index === 0 || index === 8),
      silent: named((index) => index === 4),
    });
  });

  it('sends the request only to the given nodes', async () => {
    await start(8);
    const among = named((index) => index < 3);
    const { nodes } = await client.discover({ filter: inEurope(), among });
    expect(nodes).to.deep.equal(named((index) => index === 0));
  });

  it('ends immediately at its signal', async () => {
    await start(2, () => ({ lose: 1 }));
    const { nodes } = await client.discover({ filter: inEurope(), signal: AbortSignal.abort() });
    expect(nodes).to.deep.equal([]);
  });
});
