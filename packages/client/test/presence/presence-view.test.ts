import { setImmediate as turn } from 'node:timers/promises';
import { MemoryBroker, Topics } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PresenceView } from '../../src/presence/presence-view.js';

const record = (online: boolean, identity = 'web1.lab') =>
  Buffer.from(JSON.stringify({ v: 1, identity, online, since: 1, version: '1' }));

describe('PresenceView', () => {
  const topics = new Topics();
  const topic = topics.presence('mcollective', 'web1.lab');

  for (const [what, payload] of [
    ['goes offline', record(false)],
    ['takes its record away', new Uint8Array(0)],
  ] as const) {
    it(`receives the record of a node that ${what}`, async () => {
      const broker = new MemoryBroker();
      const node = broker.connect();
      await node.publish(topic, record(true), { retain: true });
      const view = await PresenceView.open(broker.connect(), topics, 'mcollective');
      await view.settled();
      expect(view.online()).to.deep.equal(['web1.lab']);
      const left = new Promise((resolve) =>
        view.onChange(({ identity, online }) => resolve({ identity, online })),
      );
      await node.publish(topic, payload, { retain: true });
      expect(await left).to.deep.equal({ identity: 'web1.lab', online: false });
      expect(view.isOnline('web1.lab')).to.equal(false);
    });
  }

  it('knows when a node was seen going, and nothing of when one that was gone before went', async () => {
    const broker = new MemoryBroker();
    const node = broker.connect();
    await node.publish(topic, record(false), { retain: true });
    const view = await PresenceView.open(broker.connect(), topics, 'mcollective');
    await view.settled();
    expect([view.isOnline('web1.lab'), view.leftAt('web1.lab')]).to.deep.equal([false, undefined]);
    const changed = () => new Promise((resolve) => view.onChange(resolve));
    const before = Date.now();
    for (const [online, isSeen] of [
      [true, false],
      [false, true],
      [true, false],
    ] as const) {
      const change = changed();
      await node.publish(topic, record(online), { retain: true });
      await change;
      const left = view.leftAt('web1.lab');
      expect(left === undefined ? false : left >= before).to.equal(isSeen);
    }
  });

  it('takes longer for complete where there are many', async () => {
    const broker = new MemoryBroker();
    const node = broker.connect();
    const tell = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        const identity = `n${index}`;
        const one = Buffer.from(JSON.stringify({ v: 1, identity, online: true, since: 1, version: '1' }));
        await node.publish(topics.presence('mcollective', identity), one, { retain: true });
      }
    };
    await tell(101);
    const view = await PresenceView.open(broker.connect(), topics, 'mcollective');
    await view.settled();
    expect(view.size).to.equal(101);
    const asOf = Date.now();
    expect(view.isSettled(asOf - 1_000)).to.equal(false);
    expect(view.isSettled(asOf + 10_000)).to.equal(true);
  });

  it('resolves when the first node is online, before all records have arrived', async () => {
    const broker = new MemoryBroker();
    const node = broker.connect();
    await node.publish(topics.presence('mcollective', 'gone.lab'), record(false, 'gone.lab'), {
      retain: true,
    });
    const view = await PresenceView.open(broker.connect(), topics, 'mcollective');
    let isTold = false;
    const told = view.whenAnybody().then(() => {
      isTold = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect({ isTold, size: view.size }).to.deep.equal({ isTold: false, size: 1 });
    await node.publish(topic, record(true), { retain: true });
    await told;
    expect(view.online()).to.deep.equal(['web1.lab']);
    expect(view.listeners).to.equal(0);
  });

  it('resolves when the records have settled and no node is online', async () => {
    const view = await PresenceView.open(new MemoryBroker().connect(), topics, 'mcollective');
    await view.whenAnybody();
    expect(view.online()).to.deep.equal([]);
  });

  it('ignores a record under the name of another node', async () => {
    const broker = new MemoryBroker();
    const node = broker.connect();
    const view = await PresenceView.open(broker.connect(), topics, 'mcollective');
    await node.publish(topic, record(true));
    await node.publish(topics.presence('mcollective', 'web2.lab'), record(false));
    await turn();
    expect(view.isOnline('web1.lab')).to.equal(true);
    expect(view.size).to.equal(1);
  });

  it('keeps so many bytes of records: strangers push out nobody but those that are offline', async () => {
    const broker = new MemoryBroker();
    const node = broker.connect();
    const view = await PresenceView.open(broker.connect(), topics, 'mcollective');
    const publish = (identity: string, online: boolean, version = '1') =>
      node.publish(
        topics.presence('mcollective', identity),
        Buffer.from(JSON.stringify({ v: 1, identity, online, since: 1, version })),
      );
    await publish('web1.lab', true);
    await publish('web2.lab', false);
    const most = (128 * 1024 * 1024) / 4000;
    for (let count = 0; count < most + 500; count += 1) await publish(`s${count}`, true, 'x'.repeat(4000));
    await turn();
    expect(view.size).to.be.within(most * 0.9, most);
    expect([view.isOnline('web1.lab'), view.isOnline('web2.lab')]).to.deep.equal([true, undefined]);
    await publish('web1.lab', false);
    await publish('web3.lab', true);
    await turn();
    expect([view.isOnline('web1.lab'), view.isOnline('web3.lab')]).to.deep.equal([false, true]);
  });
});
