import { MemoryBroker, parseConfig, seal, Topics } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Client, clientSchema, connect, type Event } from '../../src/index.js';

describe('events', () => {
  const topics = new Topics();
  let broker: MemoryBroker;
  let teller: Client;
  let hearer: Client;
  let heard: Event[];
  beforeEach(async () => {
    broker = new MemoryBroker();
    const config = parseConfig('{ security: { mode: none } }', clientSchema, 'the test');
    teller = await connect({ config, transport: broker.connect() });
    hearer = await connect({ config, transport: broker.connect() });
    heard = [];
    await hearer.hear((event) => heard.push(event));
  });
  afterEach(() => Promise.all([teller.close(), hearer.close()]));

  it('are heard by others, with who told them and when', async () => {
    const before = Date.now();
    await teller.tell('provision', { node: 'web1', outcome: 'ok' });
    const event = await waitFor('the event', () => heard[0]);
    expect(event).to.deep.include({
      kind: 'provision',
      sender: teller.caller,
      collective: 'mcollective',
      data: { node: 'web1', outcome: 'ok' },
    });
    expect(event.time).to.be.within(before, Date.now());
  });

  it('are not believed on the topic of somebody else, nor when they are none', async () => {
    const signer = { name: 'mallory', sign: async () => 'no.signature.atall' };
    const transport = broker.connect();
    await transport.publish(topics.event('mcollective', 'puppet1'), await seal({}, signer));
    await transport.publish(topics.event('mcollective', teller.caller), Buffer.from('{}'));
    await teller.tell('provision', { node: 'web1' });
    await waitFor('the sound event', () => heard[0]);
    expect(heard).to.have.length(1);
  });

  it('are heard in their collective only, and not after the end', async () => {
    const others: Event[] = [];
    const stop = await hearer.hear((event) => others.push(event), 'provisioning');
    await teller.tell('provision', { n: 1 }, 'provisioning');
    await waitFor('the event there', () => others[0]);
    await stop();
    await teller.tell('provision', { n: 2 }, 'provisioning');
    await teller.tell('provision', { n: 3 });
    await waitFor('the event here', () => heard[0]);
    expect(others).to.have.length(1);
  });
});
