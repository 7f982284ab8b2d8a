import { MemoryBroker, type MemoryTransport, Topics } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { PresenceView } from '../../src/presence/presence-view.js';
import { PresenceViews } from '../../src/presence/presence-views.js';

const topics = new Topics({ escape: false });

describe('a presence record that is removed', () => {
  let transport: MemoryTransport;

  const tell = (identity: string, online: boolean) =>
    transport.publish(
      topics.presence('eu', identity),
      Buffer.from(JSON.stringify({ v: 2, identity, online, since: 1, version: '1' })),
      { retain: true },
    );

  beforeEach(async () => {
    transport = new MemoryBroker().connect();
    await tell('web1', false);
    await tell('web2', false);
  });

  it('is not listed any more by a view that is open, nor by a later one, until the node is back', async () => {
    const views = new PresenceViews(transport, topics);
    const view = await views.of('eu');
    await view.settled();
    expect(view.offline()).to.have.members(['web1', 'web2']);
    expect(await views.remove('eu', 'web1', 5000)).to.equal(true);
    expect(view.offline()).to.deep.equal(['web2']);
    expect(view.isRemoved('web1')).to.equal(true);
    expect(view.isOnline('web1'), 'calls that run do not wait for it').to.equal(false);
    const later = await PresenceView.open(transport, topics, 'eu');
    await later.settled();
    expect(later.offline()).to.deep.equal(['web2']);
    const back = new Promise<void>((resolve) => {
      view.onChange(({ identity }) => identity === 'web1' && resolve());
    });
    await tell('web1', false);
    await back;
    expect(view.offline()).to.have.members(['web1', 'web2']);
  });

  it('is reported as not removed by a broker that drops the removal', async () => {
    const views = new PresenceViews(transport, topics);
    await (await views.of('eu')).settled();
    transport.publish = async () => {};
    expect(await views.remove('eu', 'web1', 10)).to.equal(false);
  });
});
