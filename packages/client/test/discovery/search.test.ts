import { mock } from 'node:test';
import { emptyFilter, type Filter, type NodeMessage, type Request, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { discover } from '../../src/discovery/broadcast.js';
import type { DiscoveryOptions } from '../../src/discovery/discovery.js';
import { Search } from '../../src/discovery/search.js';
import { judgePing } from '../../src/discovery/verdict.js';
import type { Discovery, PresenceListener, PresenceView } from '../../src/index.js';
import { request } from '../../src/message.js';
import type { ReplyListener, Router } from '../../src/router.js';
import { accepted, result } from '../replies.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const message = request({
  ...about,
  agent: 'discovery',
  action: 'ping',
  filter: emptyFilter,
  input: {},
});

describe('a search', () => {
  let online: string[];
  let offline: string[];
  let isSettled: boolean;
  let isBehind: boolean;
  let listener: ReplyListener | undefined;
  let watchers: Set<PresenceListener>;
  let sent: { readonly to: readonly string[] | string; readonly message: Request; readonly at: number }[];
  let sending: () => Promise<void>;
  let found: Discovery | undefined;
  let settling: number;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    online = [];
    offline = [];
    isSettled = true;
    isBehind = false;
    listener = undefined;
    watchers = new Set();
    sent = [];
    sending = async () => {};
    found = undefined;
    settling = 0;
  });
  afterEach(() => mock.timers.reset());

  const router = () =>
    ({
      caller: 'c',
      session: 's',
      isConnected: true,
      get isBehind() {
        return isBehind;
      },
      listen: async (_: string, __: string, given: ReplyListener) => {
        listener = given;
        return () => {
          listener = undefined;
        };
      },
      direct: async (given: NodeMessage, to: readonly string[]) => send(to, given),
      broadcast: async (given: NodeMessage, agent: string) => send(agent, given),
    }) as unknown as Router;
  async function send(to: readonly string[] | string, given: NodeMessage): Promise<void> {
    sent.push({ to, message: given as Request, at: Date.now() - 1_000_000 });
    await sending();
  }
  const presence = () =>
    ({
      online: () => online,
      offline: () => offline,
      isOnline: (identity: string) =>
        online.includes(identity) ? true : offline.includes(identity) ? false : undefined,
      isSettled: () => isSettled,
      settled: async () => {
        settling += 1;
      },
      onChange: (given: PresenceListener) => {
        watchers.add(given);
        return () => watchers.delete(given);
      },
    }) as unknown as PresenceView;

  async function turns(): Promise<void> {
    for (let count = 0; count < 4; count += 1) await new Promise(setImmediate);
  }
  async function pass(milliseconds: number): Promise<void> {
    await turns();
    for (let left = milliseconds; left > 0; left -= 25) {
      mock.timers.tick(25);
      await turns();
    }
  }
  async function start(
    options: Partial<DiscoveryOptions> = {},
    everybody = true,
  ): Promise<{ search: Search; running: Promise<unknown> }> {
    const search = new Search(router(), presence(), { message, judge: judgePing, everybody }, options);
    const running = search.run().then((all) => {
      found = all;
    });
    running.catch(() => {});
    await turns();
    return { search, running };
  }
  const hear = (...words: Parameters<typeof result>) => listener?.(result(...words), 'k');
  const tell = (identity: string, isOnline: boolean) => {
    for (const watcher of watchers) watcher({ v: 1, identity, online: isOnline, since: 1, version: '1' });
  };

  for (const everybody of [true, false])
    it(`asks all at once, ${everybody ? 'those too' : 'not those'} that the filter leaves out`, async () => {
      online = ['a'];
      await start({}, everybody);
      expect(sent).to.deep.equal([
        { to: 'discovery', message: { ...message, answerUnmatched: everybody }, at: 0 },
      ]);
    });

  it('ends with the last answer, and says who is what', async () => {
    online = ['b', 'a', 'c', 'd'];
    offline = ['z', 'y'];
    const { search } = await start();
    expect(search.open()).to.deep.equal(['b', 'a', 'c', 'd']);
    for (const sender of ['b', 'a']) hear(sender, 1);
    hear('c', 1, 'unmatched', 1);
    listener?.(accepted('d', 1, 5), 'k');
    await pass(50);
    expect(found).to.equal(undefined);
    expect(search.open()).to.deep.equal(['d']);
    hear('d', 2, 'denied', 1);
    await pass(25);
    expect(found).to.deep.equal({
      method: 'broadcast',
      nodes: ['a', 'b'],
      silent: [],
      refused: [{ sender: 'd', statusmsg: 'it is denied' }],
      offline: ['y', 'z'],
      seconds: 0.05,
    });
    expect({ listener, watchers: watchers.size, open: search.open() }).to.deep.equal({
      listener: undefined,
      watchers: 0,
      open: [],
    });
  });

  it('asks the silent again by name, and names those that stay so, sorted', async () => {
    online = ['c', 'b', 'a'];
    await start();
    hear('c', 1);
    await pass(2_000);
    expect(sent.map(({ to, at }) => `${to} ${at}`)).to.deep.equal([
      'discovery 0',
      'b,a 500',
      'b,a 1000',
      'b,a 1500',
    ]);
    expect(sent[1]?.message).to.deep.equal({ ...message, targets: ['b', 'a'], answerUnmatched: true });
    expect(found).to.deep.include({ nodes: ['c'], silent: ['a', 'b'] });
  });

  it('names nobody as silent where only those that match answer', async () => {
    online = ['a'];
    await start({}, false);
    await pass(5_000);
    expect(found).to.deep.include({ nodes: [], silent: [] });
  });

  it('does not end while replies are not checked yet, or records are still coming', async () => {
    online = ['a'];
    isBehind = true;
    await start();
    hear('a', 1);
    await pass(1_000);
    expect(found).to.equal(undefined);
    isBehind = false;
    isSettled = false;
    await pass(1_000);
    expect(found).to.equal(undefined);
    isSettled = true;
    await pass(25);
    expect(found).to.deep.include({ nodes: ['a'] });
  });

  it('waits for nodes, too, that come meanwhile, and not for those that go', async () => {
    online = ['a'];
    await start();
    tell('b', true);
    tell('x', false);
    hear('a', 1);
    await pass(50);
    expect(found).to.equal(undefined);
    hear('b', 1);
    await pass(25);
    expect(found).to.deep.include({ nodes: ['a', 'b'], silent: [] });
  });

  it('tells of each node that matches once, with the time that it took', async () => {
    const told: string[] = [];
    online = ['a', 'b', 'c'];
    await start({ onNode: (identity, time) => told.push(`${identity} ${time}`) });
    hear('a', 1);
    await pass(100);
    hear('a', 1);
    hear('b', 1);
    hear('c', 1, 'unmatched', 1);
    await pass(25);
    expect(told).to.deep.equal(['a 0', 'b 100']);
  });

  describe('among some', () => {
    it('asks each of them, and expects all but those that are known to be away', async () => {
      online = ['a', 'x'];
      offline = ['b'];
      const { search } = await start({ among: ['a', 'b', 'c'] });
      expect(sent).to.deep.equal([
        {
          to: ['a', 'b', 'c'],
          message: { ...message, targets: ['a', 'b', 'c'], answerUnmatched: true },
          at: 0,
        },
      ]);
      expect(search.open()).to.deep.equal(['a', 'c']);
      tell('b', true);
      tell('y', true);
      expect(search.open()).to.deep.equal(['a', 'c', 'b']);
    });

    it('puts fifty names into a message', async () => {
      const among = Array.from({ length: 51 }, (_, index) => `n${index}`);
      await start({ among });
      expect(sent.map(({ to }) => to.length)).to.deep.equal([50, 1]);
    });
  });

  it('with a window ends when it is over, not before', async () => {
    online = ['a'];
    await start({ window: 0.3 });
    hear('a', 1);
    await pass(275);
    expect(found).to.equal(undefined);
    await pass(25);
    expect(found).to.deep.include({ nodes: ['a'], seconds: 0.3 });
    expect(sent).to.have.length(1);
  });

  it('for so many ends with the last of them, and counts nobody as silent', async () => {
    online = ['a', 'b', 'c', 'd'];
    const { search } = await start({ most: 2 });
    hear('a', 1, 'unmatched', 1);
    hear('b', 1);
    await pass(25);
    expect(found).to.equal(undefined);
    hear('c', 1);
    hear('d', 1);
    await pass(25);
    expect(found).to.deep.include({ nodes: ['b', 'c'], silent: [] });
    expect(search.open()).to.deep.equal(['d']);
  });

  it('ends at the signal, and keeps those open that said nothing', async () => {
    online = ['a', 'b'];
    const stop = new AbortController();
    const { search } = await start({ signal: stop.signal });
    hear('a', 1);
    stop.abort();
    await turns();
    expect(found).to.deep.include({ nodes: ['a'], silent: [] });
    expect(search.open()).to.deep.equal(['b']);
  });

  it('throws if nobody can be asked, and leaves nothing behind', async () => {
    sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    const { running } = await start();
    expect(await running.catch((error: unknown) => error)).to.have.property('code', 'NOT_CONNECTED');
    expect({ listener, watchers: watchers.size }).to.deep.equal({ listener: undefined, watchers: 0 });
  });

  it('goes on if the silent cannot be asked again for want of a broker, and throws what else there is', async () => {
    online = ['a', 'b'];
    const { running } = await start();
    hear('b', 1);
    sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    await pass(600);
    expect(sent).to.have.length(2);
    sending = () => Promise.reject(new Error('no key'));
    await pass(500);
    expect(await running.catch(String)).to.equal('Error: no key');
  });

  describe('of a discovery', () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
    const web: Filter = { ...emptyFilter, classes: ['web'] };

    for (const [what, count, options, everybody, waits] of [
      ['no filter', 3_000, {}, true, 0],
      ['a filter in a small fleet', 2_000, { filter: web }, true, 1],
      ['a filter in a large fleet', 2_001, { filter: web }, false, 1],
      ['a filter where nobody is known', 0, { filter: web }, false, 1],
      [
        'a filter in a large fleet of which all shall answer',
        2_001,
        { filter: web, everybody: true },
        true,
        1,
      ],
      [
        'a filter in a small fleet of which not all shall answer',
        5,
        { filter: web, everybody: false },
        false,
        1,
      ],
    ] as const)
      it(`has ${everybody ? 'all' : 'those that match'} answer with ${what}`, async () => {
        online = names(count);
        void discover(router(), presence(), { collective: 'm', filter: emptyFilter, ...options });
        await turns();
        const { id, time, ...rest } = sent[0]?.message ?? ({} as Request);
        expect(rest).to.deep.equal({
          v: 1,
          type: 'request',
          ttl: 60,
          caller: 'c',
          session: 's',
          collective: 'm',
          agent: 'discovery',
          action: 'ping',
          filter: 'filter' in options ? options.filter : emptyFilter,
          input: {},
          answerUnmatched: everybody,
        });
        expect({ time, settling }).to.deep.equal({ time: 1_000_000, settling: waits });
        expect(id).to.match(/^[0-9a-f]{32}$/);
        listener = undefined;
      });

    it('among some waits for the records first, and has all of them answer', async () => {
      online = names(3_000);
      void discover(router(), presence(), {
        collective: 'm',
        filter: emptyFilter,
        among: ['a', 'b'],
        everybody: false,
      }).then((all) => {
        found = all;
      });
      await pass(3_000);
      expect(settling).to.equal(1);
      expect(sent[0]?.to).to.deep.equal(['a', 'b']);
      expect(found).to.deep.include({ silent: ['a', 'b'] });
    });
  });
});
