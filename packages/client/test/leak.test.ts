import { getEventListeners } from 'node:events';
import { type Listener, MemoryBroker, parseConfig, type Transport } from '@troupe/core';
import { emulateFleet, type Fleet, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type Client, clientSchema, connect } from '../src/index.js';
import { workDdl, worker } from './work-agent.js';

/** A transport that counts what listens to it. */
class Counting implements Transport {
  readonly #inner: Transport;
  subscriptions = 0;
  connectListeners = 0;

  constructor(inner: Transport) {
    this.#inner = inner;
  }
  get connected(): boolean {
    return this.#inner.connected;
  }
  publish: Transport['publish'] = (...words) => this.#inner.publish(...words);
  async subscribe(filter: string, listener: Listener) {
    const stop = await this.#inner.subscribe(filter, listener);
    this.subscriptions += 1;
    return async () => {
      this.subscriptions -= 1;
      await stop();
    };
  }
  onConnect(listener: () => void): void {
    this.connectListeners += 1;
    this.#inner.onConnect(listener);
  }
  close = () => this.#inner.close();
}

describe('a client that runs for months', function () {
  this.timeout(300_000);
  let fleet: Fleet;
  let client: Client;
  let transport: Counting;
  let held: ReturnType<typeof worker>;

  before(async () => {
    const broker = new MemoryBroker();
    held = worker();
    fleet = await emulateFleet({ instances: 3, broker, agents: [held.agent] });
    transport = new Counting(broker.connect());
    const config = parseConfig('security: { mode: none }', clientSchema, 'the test');
    client = await connect({ config, transport });
    // What is made once for a client and a collective.
    await client.call(workDdl, 'echo', {}).all();
  });
  after(async () => {
    held.release();
    await client?.close();
    await fleet?.close();
  });

  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('keeps no listener, subscription, timer or entry of 2000 calls that ended in every way', async () => {
    const signal = new AbortController().signal;
    // Mocha sets its own timer when this function has returned its promise.
    await new Promise((resolve) => setImmediate(resolve));
    const before = { timers: timers(), subscriptions: transport.subscriptions };
    const [one = '', two = ''] = fleet.nodes.map(({ identity }) => identity);
    const ways: readonly (() => Promise<unknown>)[] = [
      // Ends well.
      () => client.call(workDdl, 'echo', { text: 'x' }, { targets: [one, two], signal }).all(),
      // Is left by who iterates it, and goes on to its end.
      async () => {
        const call = client.call(workDdl, 'echo', {}, { targets: [one, two], signal });
        for await (const _ of call) break;
        await call.stats();
      },
      // Is given up, and its replies come late.
      async () => {
        const abort = new AbortController();
        const call = client.call(workDdl, 'echo', {}, { targets: [one], signal: abort.signal });
        abort.abort();
        await call.all();
        expect(getEventListeners(abort.signal, 'abort')).to.have.length(0);
      },
      // Hears nothing of a node that is not there.
      () => client.call(workDdl, 'echo', {}, { targets: ['nobody.fleet'], answerWithin: 0.05, signal }).all(),
      // Ends before the action does.
      () =>
        client.call(workDdl, 'hold', {}, { targets: [two], answerWithin: 0.05, timeout: 0.05, signal }).all(),
      // Cannot be made.
      () =>
        client
          .call(workDdl, 'echo', {}, { signal, source: failing })
          .all()
          .catch(() => {}),
      () => client.discover({ filter: client.filter({ identities: [`/^${one}$/`] }), signal }),
      () => client.send(workDdl, 'echo', {}, { targets: [one], signal }),
      () => client.attach('0'.repeat(32), { targets: [one], signal }).all(),
      async () => {
        for await (const _ of client.nodes({ signal })) break;
      },
    ];
    for (let round = 0; round < 2000 / (ways.length * 20); round += 1)
      await Promise.all(Array.from({ length: 20 }, () => ways.map((way) => way())).flat());
    expect(client.open).to.equal(0);
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
    expect(transport.subscriptions).to.equal(before.subscriptions);
    // A daemon in this process may still be at work on what nobody waits for.
    await waitFor('the timers to be over', () => timers() <= before.timers);
    expect(transport.connectListeners).to.be.at.most(1);
    const presence = await client.presence();
    // The client's own.
    expect(presence.listeners).to.equal(1);
  });
});

const failing = { name: 'failing', find: () => Promise.reject(new Error('no list')) };
