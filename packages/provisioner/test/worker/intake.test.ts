import { mock } from 'node:test';
import type { DiscoveryOptions } from '@troupe/client';
import { emptyFilter, parseExpression } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Intake } from '../../src/worker/intake.js';
import { logLines } from '../fixtures/log-lines.js';
import { ends, isPending, StubNetwork, says, settled } from '../fixtures/stub-network.js';

const filter = { ...emptyFilter, compound: [parseExpression('tier=web')] };

describe('the intake of nodes', () => {
  let network: StubNetwork;
  let intake: Intake;
  let taken: string[];
  let troubles: [string, string][];
  let lines: Record<string, unknown>[];
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    network = new StubNetwork();
    network.answers['rpcutil inventory'] = says({ facts: { tier: 'web' }, agents: [], classes: [] });
    taken = [];
    troubles = [];
  });
  afterEach(async () => {
    await intake.stop();
    mock.timers.reset();
  });

  const begin = async (isEager = true) => {
    const { log, lines: logged } = logLines();
    lines = logged;
    const onNode = (identity: string) => void taken.push(identity);
    const how = { peers: network.peers, collective: 'provisioning', filter, everySeconds: 5, isEager };
    const onTrouble = (identity: string, reason: string) => void troubles.push([identity, reason]);
    intake = new Intake({ ...how, onNode, onTrouble, log });
    await settled();
  };
  const looks = () => network.discoveries.length;
  const pass = async (milliseconds: number) => {
    mock.timers.tick(milliseconds);
    await settled();
  };
  /** A discovery that is under way until the result is called. */
  const pending = () => {
    let end = (_: readonly string[]) => {};
    let asked: Partial<DiscoveryOptions> = {};
    network.client.discover = (options = {}) => {
      asked = options;
      return new Promise((resolve) => {
        end = (nodes) =>
          resolve({ nodes, silent: [], refused: [] } as unknown as Awaited<
            ReturnType<typeof network.client.discover>
          >);
      });
    };
    return {
      find: (identity: string) => asked.onNode?.(identity, 0),
      end: () => end([]),
      signal: () => asked.signal,
    };
  };

  it('takes the nodes that are there, and looks again each time its time has passed', async () => {
    network.nodes = ['web1'];
    await begin();
    await intake.looked;
    expect(taken).to.deep.equal(['web1']);
    expect(network.discoveries[0]).to.deep.include({ collective: 'provisioning', filter });
    await pass(4_999);
    expect(looks()).to.equal(1);
    await pass(1);
    expect(looks()).to.equal(2);
    await pass(5_000);
    expect(looks()).to.equal(3);
  });

  it('takes each node as it answers', async () => {
    const discovery = pending();
    await begin();
    discovery.find('web1');
    expect(taken).to.deep.equal(['web1']);
    expect(await isPending(intake.looked)).to.equal(true);
    discovery.end();
    await intake.looked;
  });

  describe('that is eager', () => {
    it('asks a node once that comes and goes while it waits for that', async () => {
      await begin();
      for (let count = 0; count < 100; count += 1) {
        for (let node = 0; node < 21; node += 1) {
          network.tell(`web${node}`, true);
          network.tell(`web${node}`, false);
        }
      }
      await settled();
      const asked = network.asked.filter(({ target }) => target === 'web20');
      expect(asked.length).to.equal(1);
    });

    it('takes a node at once that comes online and that the filter means', async () => {
      await begin();
      network.tell('web1', true);
      await settled();
      expect(taken).to.deep.equal(['web1']);
      expect(network.asked[0]).to.deep.nested.include({
        what: 'rpcutil inventory',
        target: 'web1',
        'options.collective': 'provisioning',
      });
      expect(looks()).to.equal(1);
    });

    it('does not take a node that goes offline', async () => {
      await begin();
      network.tell('web1', false);
      await settled();
      expect([taken, network.asked]).to.deep.equal([[], []]);
    });

    it('does not take a node that the filter leaves out', async () => {
      network.answers['rpcutil inventory'] = says({ facts: { tier: 'db' } });
      await begin();
      network.tell('db1', true);
      await settled();
      expect([taken, network.whats()]).to.deep.equal([[], ['rpcutil inventory']]);
    });

    it('says in the log that a node could not be asked, and goes on', async () => {
      await begin();
      network.answers['rpcutil inventory'] = ends('no-reply', 'silence');
      network.tell('web1', true);
      await settled();
      expect(lines.map(({ node, msg, reason }) => [node, msg, reason])).to.deep.equal([
        ['web1', 'cannot query a node that came online', 'rpcutil inventory on web1: silence'],
      ]);
    });

    it('asks no more than twenty nodes at once', async () => {
      const answer: (() => void)[] = [];
      network.answers['rpcutil inventory'] = () =>
        new Promise((resolve) => answer.push(() => resolve({ data: { facts: { tier: 'web' } } })));
      await begin();
      for (let n = 1; n <= 22; n += 1) network.tell(`web${n}`, true);
      await settled();
      expect(answer).to.have.length(20);
      answer[0]?.();
      await settled();
      expect(answer).to.have.length(21);
      for (let n = 1; n < 22; n += 1) {
        answer[n]?.();
        await settled();
      }
      expect(taken).to.have.length(22);
    });
  });

  it('takes no node that comes online if it is not eager', async () => {
    await begin(false);
    network.tell('web1', true);
    await settled();
    expect([taken, network.asked]).to.deep.equal([[], []]);
  });

  describe('that cannot look', () => {
    let isAway: boolean;
    beforeEach(async () => {
      isAway = true;
      const discover = network.client.discover.bind(network.client);
      network.client.discover = (options) =>
        isAway ? Promise.reject(new Error('no broker')) : discover(options);
      await begin();
    });
    const warnings = () => lines.filter(({ msg }) => msg === 'cannot discover nodes');

    it('says so once for each loss, and looks again', async () => {
      await pass(5_000);
      expect(warnings().map(({ reason, level }) => [reason, level])).to.deep.equal([['no broker', 40]]);
      expect(await isPending(intake.looked)).to.equal(true);
      isAway = false;
      await pass(5_000);
      await intake.looked;
      isAway = true;
      await pass(5_000);
      expect(warnings()).to.have.length(2);
    });

    it('listens once, however often it looks', async () => {
      await pass(5_000);
      expect(network.listeners).to.have.property('size', 1);
    });
  });

  it('listens as soon as it can, if it could not at first', async () => {
    const presence = network.client.presence;
    network.client.presence = () => Promise.reject(new Error('no broker'));
    await begin();
    expect(looks()).to.equal(0);
    network.client.presence = presence;
    await pass(5_000);
    expect([looks(), network.listeners.size]).to.deep.equal([1, 1]);
  });

  describe('that is stopped', () => {
    it('neither looks nor listens any more', async () => {
      await begin();
      await intake.stop();
      network.tell('web1', true);
      await pass(60_000);
      expect([looks(), network.listeners.size, taken]).to.deep.equal([1, 0, []]);
    });

    it('takes nobody whom a look under way still finds', async () => {
      const discovery = pending();
      await begin();
      const stopping = intake.stop();
      expect(discovery.signal()?.aborted).to.equal(true);
      discovery.find('web1');
      expect(await isPending(stopping)).to.equal(true);
      discovery.end();
      await stopping;
      await intake.looked;
      expect(taken).to.deep.equal([]);
      expect(network.listeners).to.have.property('size', 0);
    });

    it('takes nobody who was being asked, and asks nobody who waits for that', async () => {
      const answer: (() => void)[] = [];
      network.answers['rpcutil inventory'] = () =>
        new Promise((resolve) => answer.push(() => resolve({ data: { facts: { tier: 'web' } } })));
      await begin();
      for (let n = 1; n <= 21; n += 1) network.tell(`web${n}`, true);
      await settled();
      const stopping = intake.stop();
      for (const each of answer) each();
      await stopping;
      expect([taken, answer.length]).to.deep.equal([[], 20]);
    });

    it('has looked, although it never could', async () => {
      network.client.discover = () => Promise.reject(new Error('no broker'));
      await begin();
      await intake.stop();
      await intake.looked;
    });
  });

  it('reports nodes that are online and silent, or that cannot be asked', async () => {
    network.silent = ['deaf'];
    network.answers['rpcutil inventory'] = ends('no-reply', 'silence');
    await begin();
    network.tell('mute', true);
    await settled();
    expect(troubles).to.deep.equal([
      ['deaf', 'it is online, but does not reply'],
      ['mute', 'rpcutil inventory on mute: silence'],
    ]);
    expect(taken).to.deep.equal([]);
  });

  it('asks a node itself that refuses a request to all, as one whose clock is wrong does', async () => {
    network.refused = [{ sender: 'late', statusmsg: 'the request has expired' }];
    await begin();
    await settled();
    expect(taken).to.deep.equal(['late']);
    expect(troubles).to.deep.equal([]);
  });
});
