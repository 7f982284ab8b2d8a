import { MemoryBroker, type MemoryTransport, Topics, type Transport } from '@troupe/core';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Twins } from '../../src/node/twins.js';
import { keptLog } from '../agents/external/actor.js';

const topics = new Topics({ escape: false });
const topic = 'mco/eu/presence/web1.lab';

describe('a node with a twin that was connected first', () => {
  let broker: MemoryBroker;
  let own: MemoryTransport;
  let twins: Twins;
  let connect: () => void;
  let held: string[];
  let looks: number;
  let updates: number;
  let shortConnections: number;

  const publish = (record: object) =>
    own.publish(topic, Buffer.from(JSON.stringify({ v: 2, identity: 'web1.lab', ...record })), {
      retain: true,
    });
  const other = (online: boolean) =>
    publish({ online, since: 1, 'x-instance': 'other', 'x-address': '10.0.0.2' });

  beforeEach(async () => {
    broker = new MemoryBroker();
    own = broker.connect();
    held = [];
    looks = 0;
    updates = 0;
    shortConnections = 2;
    let listener = (_payload: Uint8Array, _topic: string, _isRetained: boolean) => {};
    const listeners: (() => void)[] = [];
    let isConnected = false;
    const changes: (() => void)[] = [];
    connect = () => {
      isConnected = false;
      for (const each of changes) each();
      isConnected = true;
      for (const [, payload] of broker.retained()) listener(payload, topic, true);
      for (const each of listeners) each();
    };
    const transport = {
      get connected() {
        return isConnected;
      },
      get link() {
        return { connected: isConnected, shortConnections };
      },
      onChange: (given: () => void) => changes.push(given),
      subscribe: async (_: string, given: typeof listener) => {
        listener = given;
        return async () => {};
      },
      onConnect: (given: () => void) => listeners.push(given),
      hold: (reason: string) => {
        held.push(reason);
        return () => void held.push('resumed');
      },
    } as unknown as Transport;
    twins = await Twins.open({
      identity: 'web1.lab',
      collective: 'eu',
      since: 1000,
      topics,
      transport,
      log: keptLog().log,
      update: () => {
        updates += 1;
      },
      lookEvery: 5,
      look: () => {
        looks += 1;
        return broker.connect();
      },
    });
  });

  afterEach(() => twins.close());

  it('leaves the name to it, and takes it back when the other one is gone', async () => {
    connect();
    await publish({ online: true, since: 1000, 'x-instance': twins.instance });
    await other(true);
    connect();
    expect(held).to.deep.equal([
      'another machine at 10.0.0.2 uses the identity web1.lab and was connected first',
    ]);
    await until('some looks', () => looks >= 3);
    expect(held).to.have.length(1);
    await other(false);
    await until('it connects again', () => held.length === 2);
    expect(held[1]).to.equal('resumed');
    expect(updates).to.equal(0);
  });

  it('connects again after many looks, because a record may be left over', async () => {
    connect();
    await other(true);
    connect();
    await until('it connects again', () => held.length === 2);
    expect(looks).to.equal(11);
  });

  it('keeps its connection if there is no more than a record, which others could have written', async () => {
    shortConnections = 1;
    connect();
    await other(true);
    connect();
    connect();
    expect({ held, updates }, 'it is named once').to.deep.equal({ held: [], updates: 1 });
    expect(twins.twin).to.include({ address: '10.0.0.2' });
  });

  it('does not leave the name to one that came later, but announces it', async () => {
    connect();
    await publish({ online: true, since: 2000, 'x-instance': 'other', 'x-address': '10.0.0.2' });
    connect();
    expect({ held, updates }).to.deep.equal({ held: [], updates: 1 });
    expect(twins.twin).to.include({ address: '10.0.0.2', since: 2000 });
  });
});
