import { MemoryBroker, parseConfig, seal, Topics } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Client, clientSchema, connect, type Event } from '../../src/index.js';

describe('events', () => {
  const topics = new Topics();
  let broker: MemoryBroker;
  let publisher: Client;
  let subscriber: Client;
  let received: Event[];
  beforeEach(async () => {
    broker = new MemoryBroker();
    const config = parseConfig('{ security: { mode: none } }', clientSchema, 'the test');
    publisher = await connect({ config, transport: broker.connect() });
    subscriber = await connect({ config, transport: broker.connect() });
    received = [];
    await subscriber.onEvent((event) => received.push(event));
  });
  afterEach(() => Promise.all([publisher.close(), subscriber.close()]));

  it('are received by other clients, with their sender and time', async () => {
    const before = Date.now();
    await publisher.publishEvent('provision', { node: 'web1', outcome: 'ok' });
    const event = await waitFor('the event', () => received[0]);
    expect(event).to.deep.include({
      kind: 'provision',
      sender: publisher.caller,
      collective: 'mcollective',
      data: { node: 'web1', outcome: 'ok' },
    });
    expect(event.time).to.be.within(before, Date.now());
  });

  it('are dropped on the topic of another sender, or if malformed', async () => {
    const signer = { name: 'mallory', sign: async () => 'no.signature.atall' };
    const transport = broker.connect();
    await transport.publish(topics.event('mcollective', 'puppet1'), await seal({}, signer));
    await transport.publish(topics.event('mcollective', publisher.caller), Buffer.from('{}'));
    await publisher.publishEvent('provision', { node: 'web1' });
    await waitFor('the valid event', () => received[0]);
    expect(received).to.have.length(1);
  });

  it('are received only in their collective, and only until the subscription ends', async () => {
    const others: Event[] = [];
    const stop = await subscriber.onEvent((event) => others.push(event), 'provisioning');
    await publisher.publishEvent('provision', { n: 1 }, 'provisioning');
    await waitFor('the event in the other collective', () => others[0]);
    await stop();
    await publisher.publishEvent('provision', { n: 2 }, 'provisioning');
    await publisher.publishEvent('provision', { n: 3 });
    await waitFor('the event in this collective', () => received[0]);
    expect(others).to.have.length(1);
  });
});
