import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Broker, startBroker } from '../../src/broker.js';
import type { BrokerConfigInput } from '../../src/config.js';
import { connect, refusal, stopReading, type TestClient } from '../fixtures/client.js';
import { type LogLine, recordingLogger } from '../fixtures/log.js';
import { Pki } from '../fixtures/pki.js';
import { until } from '../fixtures/wait.js';

const main = 'mco/mcollective';
const presence = `${main}/presence/n1.example.com`;

describe('messages through the broker', function () {
  this.timeout(20_000);
  let pki: Pki;
  let broker: Broker;
  let lines: LogLine[];
  const clients: TestClient[] = [];

  before(async () => {
    pki = await Pki.create();
  });
  after(() => pki.remove());

  async function start(config: Omit<BrokerConfigInput, 'listen'> = {}): Promise<void> {
    const recording = recordingLogger();
    lines = recording.lines;
    const listen = ['mqtts://127.0.0.1:0'];
    broker = await startBroker({ listen, security: pki.server(), ...config }, { log: recording.log });
  }
  afterEach(async () => {
    for (const client of clients.splice(0)) client.drop();
    await broker.close();
  });

  const optionsOf = (name: string) => ({ clientId: name, ca: pki.ca.certificatePem, ...pki.issue(name) });
  async function join(name: string, options: object = {}): Promise<TestClient> {
    const client = await connect(broker.url, { ...optionsOf(name), ...options });
    clients.push(client);
    return client;
  }
  const will = (topic: string, payload = 'gone', retain = true) => ({
    will: { topic, payload: Buffer.from(payload), qos: 1 as const, retain },
  });
  const line = (msg: string) => lines.find((one) => one.msg === msg);

  describe('two machines with one identity', () => {
    beforeEach(() => start());
    const from = (localAddress: string) => ({ localAddress });

    it('do not end the connections of each other forever: the first one stays, and the log names both', async () => {
      const first = await join('n1.example.com', from('127.0.0.1'));
      const clone = await join('n1.example.com', from('127.0.0.2'));
      await first.closed();
      const again = await join('n1.example.com', from('127.0.0.1'));
      await clone.closed();
      expect(await refusal(broker.url, { ...optionsOf('n1.example.com'), ...from('127.0.0.2') })).to.equal(2);
      expect(again.isClosed()).to.equal(false);
      // The first one that came back, and the clone that was refused.
      expect(broker.stats().twins).to.equal(2);
      expect(lines.find(({ msg }) => msg.startsWith('two machines use the identity'))?.msg).to.equal(
        'two machines use the identity n1.example.com: 127.0.0.2 and 127.0.0.1; give each machine its own identity and certificate',
      );
      expect(line('connection refused')?.reason).to.equal(
        'another machine with the identity n1.example.com is connected from 127.0.0.1',
      );
      again.drop();
      await again.closed();
      const alone = await join('n1.example.com', from('127.0.0.2'));
      expect(alone.isClosed()).to.equal(false);
    });

    it('lets a node read its own presence, and no other', async () => {
      const node = await join('n1.example.com');
      expect(await node.subscribe(presence)).to.equal(0);
      expect(await node.subscribe(`${main}/presence/n2.example.com`)).to.equal(128);
      expect(await node.subscribe(`${main}/presence/+`)).to.equal(128);
    });
  });

  describe('the presence record of a node', () => {
    beforeEach(() => start());

    it('is removed by a caller, unless the node is connected', async () => {
      const node = await join('n1.example.com', { clientId: 'n1.example.com:secret' });
      await node.publish(presence, 'here', { qos: 1, retain: true });
      const caller = await join('alice.mcollective');
      await caller.publish(presence, '', { retain: true });
      await caller.closed();
      expect(line('publish denied')?.reason).to.equal('the node n1.example.com is connected');
      await node.end();
      const again = await join('alice.mcollective', { clientId: 'alice.mcollective:2' });
      await again.subscribe(`${main}/presence/#`);
      await again.hears('here');
      await again.publish(presence, '', { qos: 1, retain: true });
      await again.hears('');
      expect(broker.stats().retained).to.equal(0);
      await again.publish(presence, 'faked', { retain: true });
      await again.closed();
      expect(broker.stats()).to.include({ retained: 0, deniedPublishes: 2 });
    });
  });

  describe('permissions', () => {
    beforeEach(() => start());

    it('ends the connection of a client that publishes what it may not, and says why in the log', async () => {
      const victim = await join('n2.example.com');
      await victim.subscribe(`${main}/agent/+`);
      const node = await join('n1.example.com');
      await node.publish(`${main}/agent/rpcutil`, 'do it');
      await node.closed();
      expect(line('publish denied')).to.include({
        name: 'n1.example.com',
        role: 'node',
        topic: `${main}/agent/rpcutil`,
        reason: 'a node may publish only its own presence, events and replies',
      });
      expect(line('publish denied')?.peer).to.match(/^127\.0\.0\.1:\d+$/);
      const caller = await join('alice.mcollective');
      await caller.publish(`${main}/agent/rpcutil`, 'after');
      await victim.hears('after');
      expect(victim.received.map(({ text }) => text)).to.eql(['after']);
      expect(broker.stats()).to.include({ deniedPublishes: 1, nodes: 1, callers: 1 });
    });

    it('does not acknowledge a publish that is denied', async () => {
      const node = await join('n1.example.com');
      let isAcknowledged = false;
      node.mqtt.publish(`${main}/event/n2.example.com`, 'x', { qos: 1 }, (error) => {
        isAcknowledged = !error;
      });
      await node.closed();
      await node.end();
      expect(isAcknowledged).to.equal(false);
    });

    it('answers 128 to a subscription that is denied, and delivers nothing of it', async () => {
      const node = await join('n1.example.com');
      expect(await node.subscribe(`${main}/node/n2.example.com`)).to.equal(128);
      expect(await node.subscribe(`${main}/node/n1.example.com`)).to.equal(0);
      expect(line('subscription denied')).to.include({
        name: 'n1.example.com',
        filter: `${main}/node/n2.example.com`,
        reason:
          'a node may subscribe only to requests to agents and to itself, to its own presence and to files',
      });
      const caller = await join('alice.mcollective');
      await caller.publish(`${main}/node/n2.example.com`, 'for n2');
      await caller.publish(`${main}/node/n1.example.com`, 'for n1');
      await node.hears('for n1');
      expect(node.received).to.have.length(1);
    });

    it('judges each filter of one SUBSCRIBE by itself', async () => {
      const node = await join('n1.example.com');
      const granted = await new Promise((resolve) => {
        const filters = [`${main}/agent/+`, '#', `${main}/node/n1.example.com`, `${main}/presence/#`];
        node.mqtt.subscribe(filters, (_error, _grants, packet) => {
          resolve(packet?.cmd === 'suback' ? packet.granted : packet);
        });
      });
      expect(granted).to.eql([0, 128, 0, 128]);
    });

    it('ends the connection of a client that asks for what it may not again and again', async () => {
      const node = await join('n1.example.com');
      for (let index = 0; index <= 100; index += 1) {
        void node.subscribe(`${main}/node/n2.example.com${index}`).catch(() => undefined);
      }
      await node.closed();
    });

    it('gives nobody the topics of the broker itself', async () => {
      const caller = await join('alice.mcollective');
      expect(await caller.subscribe('$SYS/#')).to.equal(128);
    });

    it('keeps replies to one caller from another', async () => {
      const bob = await join('bob.mcollective');
      for (const filter of [
        'reply/alice.mcollective/#',
        'reply/alice.mcollective/s1/#',
        'reply/+/s1/#',
        'reply/#',
      ]) {
        expect(await bob.subscribe(`${main}/${filter}`), filter).to.equal(128);
      }
    });

    it('uses escaped names where the network does', async () => {
      await broker.close();
      await start({ topics: { escape: true } });
      const node = await join('n1.example.com');
      expect(await node.subscribe(`${main}/node/n1%2Eexample%2Ecom`)).to.equal(0);
      expect(await node.subscribe(`${main}/node/n1.example.com`)).to.equal(128);
      expect(line('subscription denied')?.reason).to.include('topics.escape is on');
    });
  });

  describe('last wills', () => {
    beforeEach(() => start());

    it('is delivered when the connection breaks, and kept', async () => {
      const caller = await join('alice.mcollective');
      await caller.subscribe(`${main}/presence/#`, 1);
      const node = await join('n1.example.com', will(presence));
      node.drop();
      expect(await caller.hears('gone')).to.include({ topic: presence });
      const late = await join('bob.mcollective');
      await late.subscribe('mco/+/presence/#');
      expect(await late.hears('gone')).to.include({ retain: true });
    });

    it('is not delivered when the client takes leave', async () => {
      const caller = await join('alice.mcollective');
      await caller.subscribe(`${main}/presence/#`);
      const first = await join('n1.example.com', will(presence));
      await first.end();
      const second = await join('n1.example.com');
      await second.publish(presence, 'back');
      await caller.hears('back');
      expect(caller.received).to.have.length(1);
    });

    it('is delivered when the client is disconnected for what it did', async () => {
      const caller = await join('alice.mcollective');
      await caller.subscribe(`${main}/presence/#`);
      const node = await join('n1.example.com', will(presence));
      await node.publish(`${main}/agent/rpcutil`, 'x');
      await caller.hears('gone');
    });

    for (const [title, options, reason] of [
      ['for another node', will(`${main}/presence/n2.example.com`), 'its own presence'],
      ['that is a request', will(`${main}/agent/rpcutil`, 'x', false), 'its own presence'],
      [
        'that is retained but no presence',
        will(`${main}/event/n1.example.com`),
        'only presence messages may be retained',
      ],
      [
        'in the collective of enrolment',
        will('mco/provisioning/presence/n1.example.com'),
        'enrol with a token',
      ],
    ] as const) {
      it(`refuses a client with a will ${title}`, async () => {
        expect(await refusal(broker.url, { ...optionsOf('n1.example.com'), ...options })).to.equal(5);
        expect(line('connection refused')?.reason).to.include('last will on').and.to.include(reason);
      });
    }
  });

  describe('retained messages', () => {
    beforeEach(() => start({ limits: { retained_per_name: 2, retained_bytes: 100 } }));

    it('gives presence to those who come later, through a wildcard', async () => {
      for (const name of ['n1.example.com', 'n2.example.com']) {
        const node = await join(name);
        await node.publish(`${main}/presence/${name}`, `${name} is here`, { qos: 1, retain: true });
      }
      const caller = await join('alice.mcollective');
      await caller.subscribe('mco/+/presence/#');
      expect(await caller.hears('n1.example.com is here')).to.include({ retain: true });
      expect(await caller.hears('n2.example.com is here')).to.include({ retain: true });
      expect(broker.stats().retained).to.equal(2);
    });

    it('forgets presence that is taken back', async () => {
      const node = await join('n1.example.com');
      await node.publish(presence, 'here', { qos: 1, retain: true });
      await node.publish(presence, '', { qos: 1, retain: true });
      expect(broker.stats().retained).to.equal(0);
      await node.publish(`mco/second/presence/n1.example.com`, 'there', { qos: 1, retain: true });
      const caller = await join('alice.mcollective');
      await caller.subscribe('mco/+/presence/#');
      await caller.hears('there');
      expect(caller.received).to.have.length(1);
    });

    for (const [title, topic, text] of [
      ['anything but presence', `${main}/event/n1.example.com`, 'x'],
      ['more than it may', presence, 'x'.repeat(101)],
    ] as const) {
      it(`ends the connection of a client that has the broker keep ${title}`, async () => {
        const node = await join('n1.example.com');
        await node.publish(topic, text, { retain: true });
        await node.closed();
        expect(line('publish denied')).to.include({ topic });
        expect(broker.stats().retained).to.equal(0);
      });
    }

    it('bounds on how many topics one name has something kept', async () => {
      const node = await join('n1.example.com');
      for (const collective of ['c1', 'c2', 'c3']) {
        await node.publish(`mco/${collective}/presence/n1.example.com`, 'x', { retain: true });
      }
      await node.closed();
      expect(broker.stats().retained).to.equal(2);
    });
  });

  describe('sessions', () => {
    beforeEach(() => start());

    it('end with the connection, whatever the client asks for', async () => {
      const options = { clean: false };
      const first = await join('n1.example.com', options);
      await first.subscribe(`${main}/node/n1.example.com`, 1);
      await first.end();
      const caller = await join('alice.mcollective');
      await caller.publish(`${main}/node/n1.example.com`, 'while away', { qos: 1 });
      const again = await join('n1.example.com', options);
      await again.subscribe(`${main}/node/n1.example.com`, 1);
      await caller.publish(`${main}/node/n1.example.com`, 'now', { qos: 1 });
      await again.hears('now');
      expect(again.received).to.have.length(1);
    });
  });

  describe('limits', () => {
    it('ends the connection of a client whose payload is too large', async () => {
      await start({ limits: { payload_bytes: 1000 } });
      const node = await join('n1.example.com');
      await node.publish(`${main}/event/n1.example.com`, 'x'.repeat(1000), { qos: 1 });
      await node.publish(`${main}/event/n1.example.com`, 'x'.repeat(1001));
      await node.closed();
      expect(line('publish denied')?.reason).to.equal(
        'a payload of 1001 bytes exceeds the limit of 1000 (limits.payload_bytes)',
      );
    });

    it('hangs up on a packet that announces too much, before it is sent', async () => {
      await start({ limits: { payload_bytes: 1000 } });
      const node = await join('n1.example.com');
      // The header of a PUBLISH of 256 MiB.
      (node.mqtt.stream as unknown as { write(bytes: Buffer): void }).write(
        Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
      );
      await node.closed();
      await until('the log has it', () =>
        lines.some(({ reason }) => /a packet of \d+ bytes/.test(String(reason))),
      );
    });

    it('does so for a first packet on a listener without TLS as well', async () => {
      const recording = recordingLogger();
      lines = recording.lines;
      const config = { listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' as const } };
      broker = await startBroker(config, { log: recording.log });
      const socket = connectPlain({ port: broker.port, host: '127.0.0.1' });
      socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
      await once(socket, 'close');
      await until('the log has it', () =>
        lines.some(({ reason }) => /a packet of \d+ bytes/.test(String(reason))),
      );
    });

    it('denies more subscriptions than one client may have, until it gives one up', async () => {
      await start({ limits: { subscriptions: 2 } });
      const node = await join('n1.example.com');
      expect(await node.subscribe(`${main}/agent/a`)).to.equal(0);
      expect(await node.subscribe(`${main}/agent/b`)).to.equal(0);
      expect(await node.subscribe(`${main}/agent/c`)).to.equal(128);
      await node.mqtt.unsubscribeAsync(`${main}/agent/a`);
      expect(await node.subscribe(`${main}/agent/d`)).to.equal(0);
    });

    it('lets clients in while one address holds many connections that do not authenticate', async () => {
      await start({ limits: { connections_pending: 10, connect_timeout: 60 } });
      const { port } = broker;
      const idle = Array.from({ length: 30 }, () =>
        connectPlain({ port, host: '127.0.0.1', localAddress: '127.0.0.9' }),
      );
      try {
        let closed = 0;
        for (const socket of idle) {
          socket.on('error', () => undefined);
          socket.once('close', () => {
            closed += 1;
          });
        }
        await until('those that are too many are closed', () => closed === 22);
        expect(line('connection refused')?.reason).to.include('too many connections from 127.0.0.9');
        await join('n1.example.com');
      } finally {
        for (const socket of idle) socket.destroy();
      }
    });

    it('closes a connection that does not authenticate in time', async () => {
      await start({ limits: { connect_timeout: 0.2 } });
      const socket = connectPlain({ port: broker.port, host: '127.0.0.1' });
      await once(socket, 'close');
      expect(line('connection refused')?.reason).to.equal(
        'it did not authenticate in time (limits.connect_timeout)',
      );
      const node = await join('n1.example.com');
      await node.subscribe(`${main}/agent/a`);
      expect(broker.stats().clients).to.equal(1);
    });

    it('refuses more connections than one name may have, and takes one when another has ended', async () => {
      await start({ limits: { connections_per_name: 2 } });
      const caller = (session: string) => ({
        ...optionsOf('alice.mcollective'),
        clientId: `alice.mcollective:${session}`,
      });
      const first = await connect(broker.url, caller('s1'));
      clients.push(await connect(broker.url, caller('s2')));
      expect(await refusal(broker.url, caller('s3'))).to.equal(3);
      expect(line('connection refused')?.reason).to.equal(
        '"alice.mcollective" has 2 connections (limits.connections_per_name)',
      );
      await join('bob.mcollective');
      await first.end();
      await until('it is gone', () => broker.stats().clients === 2);
      expect(await refusal(broker.url, caller('s4'))).to.equal(0);
    });

    it('ends the connection of a client that publishes with QoS 2', async () => {
      await start();
      const node = await join('n1.example.com');
      node.mqtt.publish(`${main}/event/n1.example.com`, 'x', { qos: 2 });
      await node.closed();
      expect(line('publish denied')?.reason).to.equal('QoS 2 is not supported');
    });

    it('disconnects the client for which most waits, if it is too much for all together', async () => {
      await start({ limits: { backlog_total_bytes: 2 * 1024 * 1024 } });
      const slow = await join('alice.mcollective');
      const brisk = await join('bob.mcollective');
      for (const client of [slow, brisk]) await client.subscribe(`${main}/event/#`);
      stopReading(slow);
      const node = await join('n1.example.com');
      for (let index = 0; index < 60; index += 1)
        await node.publish(`${main}/event/n1.example.com`, 'x'.repeat(500_000), { qos: 1 });
      await node.publish(`${main}/event/n1.example.com`, 'last', { qos: 1 });
      await brisk.hears('last');
      await until('the slow one is out', () =>
        line('connection closed: the client reads too slowly (limits.backlog_total_bytes)'),
      );
      expect(brisk.isClosed()).to.equal(false);
      slow.drop();
    });

    it('disconnects a client that does not read, and nobody else waits for it', async () => {
      await start({ limits: { backlog_bytes: 1024 * 1024 } });
      const slow = await join('alice.mcollective');
      const brisk = await join('bob.mcollective');
      for (const client of [slow, brisk]) await client.subscribe(`${main}/event/#`);
      stopReading(slow);
      const node = await join('n1.example.com');
      const text = 'x'.repeat(500_000);
      for (let index = 0; index < 60; index += 1) {
        await node.publish(`${main}/event/n1.example.com`, text, { qos: 1 });
      }
      await node.publish(`${main}/event/n1.example.com`, 'last', { qos: 1 });
      await brisk.hears('last');
      expect(brisk.received).to.have.length(61);
      await until('the slow one is out', () =>
        line('connection closed: the client reads too slowly (limits.backlog_bytes)'),
      );
      slow.drop();
    });
  });
});
