import { MemoryBroker } from '@troupe/core';
import { emulateFleet, type Fleet } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Client } from '../../src/index.js';
import { connectTo } from '../network.js';
import { workDdl, worker } from '../work-agent.js';

describe('a network that loses messages', function () {
  this.timeout(180_000);
  let fleet: Fleet;
  let client: Client;
  afterEach(async () => {
    await client?.close();
    await fleet?.close();
  });

  it('costs no reply of a hundred nodes when each tenth one is lost, and no action runs twice', async () => {
    const broker = new MemoryBroker();
    const route = broker.route.bind(broker);
    let replies = 0;
    let lost = 0;
    broker.route = (topic, payload, retain) => {
      if (topic.includes('/reply/')) {
        replies += 1;
        if (replies % 10 === 0) {
          lost += 1;
          return;
        }
      }
      route(topic, payload, retain);
    };
    const { agent, runs } = worker();
    fleet = await emulateFleet({ instances: 100, broker, agents: [agent] });
    client = await connectTo(broker);
    const call = client.call(workDdl, 'echo', { text: 'x' });
    const { ok, targets } = await call.stats();
    expect({ ok, targets }).to.deep.equal({ ok: 100, targets: 100 });
    expect(runs()).to.equal(100);
    expect(lost).to.be.at.least(10);
  });

  it('costs no result, output or order of it when one in ten is lost in each direction, doubled or overtaken', async () => {
    const broker = new MemoryBroker();
    const { agent, runs, release } = worker();
    fleet = await emulateFleet({
      instances: 40,
      broker,
      agents: [agent],
      faults: () => ({ lose: 0.1, double: 0.1, reorder: 0.1, delay: [0, 40] }),
    });
    client = await connectTo(broker);
    const targets = fleet.nodes.map(({ identity }) => identity);
    const begun = new Set<string>();
    let pieces = 0;
    const call = client.call(
      workDdl,
      'hold',
      {},
      {
        targets,
        answerWithin: 50,
        onProgress: ({ sender }) => {
          pieces += 1;
          begun.add(sender);
          if (begun.size === 30) release();
        },
      },
    );
    const { byState } = await call.stats();
    const counts = Object.fromEntries(Object.entries(byState).map(([state, nodes]) => [state, nodes.length]));
    expect({ counts, runs: runs() }).to.deep.equal({ counts: { ok: 40 }, runs: 40 });
    // Each piece is told once, and a result does not wait for one that was lost.
    expect(pieces).to.equal(begun.size);
  });
});
