import { emptyFilter, type Filter, type Request, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { request } from '../../src/connection/node-messages.js';
import { discover } from '../../src/discovery/broadcast.js';
import type { DiscoveryOptions } from '../../src/discovery/discovery.js';
import { matchOfPing } from '../../src/discovery/match-answer.js';
import { Search } from '../../src/discovery/search.js';
import type { Discovery } from '../../src/index.js';
import { accepted, result } from '../replies.js';
import { ScriptedNetwork } from '../scripted-network.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const message = request({
  ...about,
  agent: 'discovery',
  action: 'ping',
  filter: emptyFilter,
  input: {},
});

describe('a search', () => {
  let network: ScriptedNetwork;
  let found: Discovery | undefined;

  beforeEach(() => {
    network = new ScriptedNetwork();
    found = undefined;
  });
  afterEach(() => network.end());

  /** The broker knows these nodes to be online, or not. */
  const know = (online: readonly string[], offline: readonly string[] = []) => {
    for (const identity of online) network.records.set(identity, true);
    for (const identity of offline) network.records.set(identity, false);
  };
  async function start(
    options: Partial<DiscoveryOptions> = {},
    answerUnmatched = true,
  ): Promise<{ search: Search; running: Promise<unknown> }> {
    const search = new Search(
      network.router,
      network.presence,
      { message, readMatch: matchOfPing, answerUnmatched },
      options,
    );
    const running = search.run().then((all) => {
      found = all;
    });
    running.catch(() => {});
    await network.turns();
    return { search, running };
  }
  const deliver = (...words: Parameters<typeof result>) => network.deliver(result(...words));

  it('orders all nodes by the numbers in their names', async () => {
    know(['node-10', 'node-2', 'node-11', 'node-3'], ['node-12', 'node-4']);
    await start();
    deliver('node-10', 1);
    deliver('node-2', 1);
    await network.pass(2_000);
    expect(found).to.deep.include({
      nodes: ['node-2', 'node-10'],
      silent: ['node-3', 'node-11'],
      offline: ['node-4', 'node-12'],
    });
  });

  it('names the reason of nodes that stay busy, instead of calling them silent', async () => {
    know(['a', 'b', 'c']);
    await start();
    deliver('a', 1);
    deliver('b', 1, 'busy', 1);
    await network.pass(2_000);
    expect(network.log()).to.include('b,c 500');
    expect(found).to.deep.include({
      nodes: ['a'],
      silent: ['c'],
      refused: [{ sender: 'b', statusmsg: 'it is busy' }],
    });
  });

  for (const answerUnmatched of [true, false])
    it(`asks all at once, ${answerUnmatched ? 'those too' : 'not those'} that the filter leaves out`, async () => {
      know(['a']);
      await start({}, answerUnmatched);
      expect(network.sent).to.deep.equal([
        { to: 'discovery', message: { ...message, answerUnmatched }, at: 0 },
      ]);
    });

  it('ends with the last answer, and says who is what', async () => {
    know(['b', 'a', 'c', 'd'], ['z', 'y']);
    const { search } = await start();
    expect(search.open()).to.deep.equal(['b', 'a', 'c', 'd']);
    for (const sender of ['b', 'a']) deliver(sender, 1);
    deliver('c', 1, 'unmatched', 1);
    network.deliver(accepted('d', 1, 5));
    await network.pass(50);
    expect(found).to.equal(undefined);
    expect(search.open()).to.deep.equal(['d']);
    deliver('d', 2, 'denied', 1);
    await network.pass(25);
    expect(found).to.deep.equal({
      method: 'broadcast',
      nodes: ['a', 'b'],
      silent: [],
      refused: [{ sender: 'd', statusmsg: 'it is denied' }],
      offline: ['y', 'z'],
      seconds: 0.05,
    });
    expect({
      listening: network.listening,
      watchers: network.watchers.size,
      open: search.open(),
    }).to.deep.equal({
      listening: 0,
      watchers: 0,
      open: [],
    });
  });

  it('repeats the request to silent nodes by name, and lists those that stay silent, sorted', async () => {
    know(['c', 'b', 'a']);
    await start();
    deliver('c', 1);
    await network.pass(2_000);
    expect(network.log()).to.deep.equal(['discovery 0', 'b,a 500', 'b,a 1000', 'b,a 1500']);
    expect(network.sent[1]?.message).to.deep.equal({
      ...message,
      targets: ['b', 'a'],
      answerUnmatched: true,
    });
    expect(found).to.deep.include({ nodes: ['c'], silent: ['a', 'b'] });
  });

  it('lists no silent nodes if only matching nodes reply', async () => {
    know(['a']);
    await start({}, false);
    await network.pass(5_000);
    expect(found).to.deep.include({ nodes: [], silent: [] });
  });

  it('does not end while replies are not checked yet, or records are still coming', async () => {
    know(['a']);
    network.isBehind = true;
    await start();
    deliver('a', 1);
    await network.pass(1_000);
    expect(found).to.equal(undefined);
    network.isBehind = false;
    network.isSettled = false;
    await network.pass(1_000);
    expect(found).to.equal(undefined);
    network.isSettled = true;
    await network.pass(25);
    expect(found).to.deep.include({ nodes: ['a'] });
  });

  it('waits for nodes, too, that come meanwhile, and not for those that go', async () => {
    know(['a']);
    await start();
    network.announce('b', true);
    network.announce('x', false);
    deliver('a', 1);
    await network.pass(50);
    expect(found).to.equal(undefined);
    deliver('b', 1);
    await network.pass(25);
    expect(found).to.deep.include({ nodes: ['a', 'b'], silent: [] });
  });

  it('reports each matching node once, with its time', async () => {
    const told: string[] = [];
    know(['a', 'b', 'c']);
    await start({ onNode: (identity, time) => told.push(`${identity} ${time}`) });
    deliver('a', 1);
    await network.pass(100);
    deliver('a', 1);
    deliver('b', 1);
    deliver('c', 1, 'unmatched', 1);
    await network.pass(25);
    expect(told).to.deep.equal(['a 0', 'b 100']);
  });

  describe('among some', () => {
    it('asks each of them, and expects all but those that are known to be away', async () => {
      know(['a', 'x'], ['b']);
      const { search } = await start({ among: ['a', 'b', 'c'] });
      expect(network.sent).to.deep.equal([
        {
          to: ['a', 'b', 'c'],
          message: { ...message, targets: ['a', 'b', 'c'], answerUnmatched: true },
          at: 0,
        },
      ]);
      expect(search.open()).to.deep.equal(['a', 'c']);
      network.announce('b', true);
      network.announce('y', true);
      expect(search.open()).to.deep.equal(['a', 'c', 'b']);
    });

    it('puts fifty names into a message', async () => {
      const among = Array.from({ length: 51 }, (_, index) => `n${index}`);
      await start({ among });
      expect(network.sent.map(({ to }) => to.length)).to.deep.equal([50, 1]);
    });
  });

  it('with a window ends at its end, not before', async () => {
    know(['a']);
    await start({ window: 0.3 });
    deliver('a', 1);
    await network.pass(275);
    expect(found).to.equal(undefined);
    await network.pass(25);
    expect(found).to.deep.include({ nodes: ['a'], seconds: 0.3 });
    expect(network.sent).to.have.length(1);
  });

  it('with a limit ends at the last of them, and lists no silent nodes', async () => {
    know(['a', 'b', 'c', 'd']);
    const { search } = await start({ most: 2 });
    deliver('a', 1, 'unmatched', 1);
    deliver('b', 1);
    await network.pass(25);
    expect(found).to.equal(undefined);
    deliver('c', 1);
    deliver('d', 1);
    await network.pass(25);
    expect(found).to.deep.include({ nodes: ['b', 'c'], silent: [] });
    expect(search.open()).to.deep.equal(['d']);
  });

  it('ends at the signal, and keeps silent nodes open', async () => {
    know(['a', 'b']);
    const stop = new AbortController();
    const { search } = await start({ signal: stop.signal });
    deliver('a', 1);
    stop.abort();
    await network.turns();
    expect(found).to.deep.include({ nodes: ['a'], silent: [] });
    expect(search.open()).to.deep.equal(['b']);
  });

  it('throws if the request cannot be sent, and leaves no listener behind', async () => {
    network.sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    const { running } = await start();
    expect(await running.catch((error: unknown) => error)).to.have.property('code', 'NOT_CONNECTED');
    expect({ listening: network.listening, watchers: network.watchers.size }).to.deep.equal({
      listening: 0,
      watchers: 0,
    });
  });

  it('continues if the request cannot be repeated without a connection, and throws other errors', async () => {
    know(['a', 'b']);
    const { running } = await start();
    deliver('b', 1);
    network.sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    await network.pass(600);
    expect(network.sent).to.have.length(2);
    network.sending = () => Promise.reject(new Error('no key'));
    await network.pass(500);
    expect(await running.catch(String)).to.equal('Error: no key');
  });

  describe('of a discovery', () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
    const web: Filter = { ...emptyFilter, classes: ['web'] };

    for (const [what, count, options, answerUnmatched, waits] of [
      ['no filter', 3_000, {}, true, 0],
      ['a filter in a small fleet', 2_000, { filter: web }, true, 1],
      ['a filter in a large fleet', 2_001, { filter: web }, false, 1],
      ['a filter where nobody is known', 0, { filter: web }, false, 1],
      [
        'a filter in a large fleet of which all shall answer',
        2_001,
        { filter: web, answerUnmatched: true },
        true,
        1,
      ],
      [
        'a filter in a small fleet of which not all shall answer',
        5,
        { filter: web, answerUnmatched: false },
        false,
        1,
      ],
    ] as const)
      it(`has ${answerUnmatched ? 'all' : 'those that match'} answer with ${what}`, async () => {
        know(names(count));
        void discover(network.router, network.presence, { collective: 'm', filter: emptyFilter, ...options });
        await network.turns();
        const { id, time, ...rest } = network.sent[0]?.message ?? ({} as Request);
        expect(rest).to.deep.equal({
          v: 2,
          type: 'request',
          ttl: 60,
          caller: 'c',
          session: 's',
          collective: 'm',
          agent: 'discovery',
          action: 'ping',
          filter: 'filter' in options ? options.filter : emptyFilter,
          input: {},
          answerUnmatched,
        });
        expect({ time, settling: network.settling }).to.deep.equal({ time: 1_000_000, settling: waits });
        expect(id).to.match(/^[0-9a-f]{32}$/);
      });

    it('among some waits for the records first, and has all of them answer', async () => {
      know(names(3_000));
      void discover(network.router, network.presence, {
        collective: 'm',
        filter: emptyFilter,
        among: ['a', 'b'],
        answerUnmatched: false,
      }).then((all) => {
        found = all;
      });
      await network.pass(3_000);
      expect(network.settling).to.equal(1);
      expect(network.sent[0]?.to).to.deep.equal(['a', 'b']);
      expect(found).to.deep.include({ silent: ['a', 'b'] });
    });
  });
});
