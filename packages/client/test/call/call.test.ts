import { ActionError, defineAgent } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Client, Stats } from '../../src/index.js';
import { Network } from '../network.js';

const input = (name: string) => ({
  [name]: {
    prompt: name,
    description: name,
    type: 'string',
    optional: true,
    validation: '.*',
    maxlength: 40,
  },
});
const action = (name: string, extra: object = {}) =>
  ({ action: name, description: name, display: 'always', input: {}, output: {}, ...extra }) as const;

const ddl = {
  metadata: {
    name: 'work',
    description: 'd',
    author: 'a',
    license: 'l',
    version: '1.2.3',
    url: 'u',
    timeout: 5,
  },
  actions: [
    action('echo', {
      input: input('text'),
      output: { text: { description: 't', display_as: 't', type: 'string' } },
    }),
    action('slow'),
    action('fail'),
    action('crash'),
    action('hang', { timeout: 0.3 }),
  ],
} as const;

/** Names by state, in an order that does not depend on who was first. */
const sorted = ({ byState }: Stats) =>
  Object.fromEntries(Object.entries(byState).map(([state, names]) => [state, [...names].sort()]));

describe('a call', () => {
  let network: Network;
  let client: Client;
  let runs: string[];

  const work = () =>
    defineAgent(ddl as never, () => ({
      echo: (given: { text?: string }) => {
        runs.push(given.text ?? '');
        return { text: given.text ?? null };
      },
      slow: async (
        _: unknown,
        { progress, signal }: { progress(data: unknown): void; signal: AbortSignal },
      ) => {
        for (const line of ['one', 'two']) progress(line);
        await new Promise((resolve, reject) => {
          const timer = setTimeout(resolve, 400);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(new Error('aborted'));
          });
        });
        return {};
      },
      fail: () => {
        throw new ActionError('no disk', 1);
      },
      crash: () => {
        throw new TypeError('secret detail');
      },
      hang: () => new Promise(() => {}),
    }));

  beforeEach(async () => {
    network = new Network();
    runs = [];
    client = await network.client();
  });
  afterEach(() => network.close());

  it('finds all that have the agent and brings every reply', async () => {
    for (const name of ['a', 'b', 'c']) await network.node(name, [work()]);
    await network.node('d');
    const call = client.call(ddl, 'echo', { text: 'hi' });
    const senders: string[] = [];
    for await (const { sender, ok, data } of call) {
      expect(ok).to.equal(true);
      expect(data).to.deep.equal({ text: 'hi' });
      senders.push(sender);
    }
    expect(senders.sort()).to.deep.equal(['a', 'b', 'c']);
    expect(sorted(await call.stats())).to.deep.equal({ ok: senders });
  });

  it('gives every target a state with a name', async () => {
    await network.node('a', [work()]);
    await network.node('plain');
    const stopped = await network.node('stopped', [work()]);
    await stopped.close();
    const options = { targets: ['a', 'plain', 'stopped', 'never-seen'], answerWithin: 0.5 };
    const results = await client.call(ddl, 'fail', {}, options).all();
    const states = Object.fromEntries(
      results.map(({ sender, state, statuscode }) => [sender, [state, statuscode]]),
    );
    expect(states).to.deep.equal({
      a: ['failed', 1],
      plain: ['failed', 2],
      stopped: ['offline', undefined],
      'never-seen': ['no-reply', undefined],
    });
    const plain = results.find(({ sender }) => sender === 'plain');
    expect(plain?.statusmsg).to.equal('agent "work" not found on this node; it has discovery, node, rpcutil');
  });

  for (const targets of [[], ['a', 'b']])
    it(`has not one result where ${targets.length} nodes are asked`, async () => {
      for (const name of targets) await network.node(name, [work()]);
      const error = await client
        .call(ddl, 'echo', {}, { targets })
        .one()
        .catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(RangeError);
      expect(error).to.have.property('message', `a call for one node had ${targets.length} targets`);
    });

  it('yields all results to later and repeated iterations', async () => {
    for (const name of ['a', 'b']) await network.node(name, [work()]);
    const call = client.call(ddl, 'echo', {});
    await call.stats();
    for (let round = 0; round < 2; round += 1) {
      const senders: string[] = [];
      for await (const { sender } of call) senders.push(sender);
      expect(senders.sort()).to.deep.equal(['a', 'b']);
    }
    expect({ open: call.open(), running: call.running(), size: call.size }).to.deep.equal({
      open: [],
      running: [],
      size: 2,
    });
  });

  it('throws what spoils it as a whole in every way in which it is awaited', async () => {
    const source = { name: 'failing', find: () => Promise.reject(new Error('no list')) };
    const call = client.call(ddl, 'echo', {}, { source });
    const iterated = (async () => {
      for await (const _ of call);
    })();
    const ways = [iterated, call.all(), call.one(), call.stats()];
    for (const way of ways) expect(await way.catch(String)).to.equal('Error: no list');
    expect(await call.whenKnown()).to.equal(undefined);
    expect(call.discovery).to.equal(undefined);
    expect(client.open).to.equal(0);
  });

  it('measures the time from the first request, and that of a discovery separately', async () => {
    await network.node('a', [work()]);
    const discovered = { ...(await client.discover()), seconds: 42 };
    const before = Date.now();
    const { discoverySeconds, callSeconds } = await client.call(ddl, 'slow', {}, { discovered }).stats();
    expect(discoverySeconds).to.equal(42);
    expect(callSeconds).to.be.within(0.3, (Date.now() - before) / 1000);
    expect((await client.call(ddl, 'echo', {}, { targets: ['a'] }).stats()).discoverySeconds).to.equal(0);
  });

  it('knows what the request was as soon as a node says it', async () => {
    await network.node('a', [work()]);
    const call = client.call(ddl, 'echo', {}, { targets: ['a'] });
    expect({ about: call.about, size: call.size, open: call.open(), running: call.running() }).to.deep.equal({
      about: undefined,
      size: 0,
      open: [],
      running: [],
    });
    expect(await call.whenKnown()).to.deep.equal({ agent: 'work', action: 'echo' });
    expect(call.about).to.deep.equal({ agent: 'work', action: 'echo' });
    await call.all();
  });

  it('keeps what a handler threw on the node', async () => {
    await network.node('a', [work()]);
    const result = await client.call(ddl, 'crash', {}, { targets: ['a'] }).one();
    expect(result).to.include({ state: 'failed', statuscode: 5 });
    expect(JSON.stringify(result)).to.not.include('secret detail');
  });

  it('times out a handler that hangs', async () => {
    await network.node('a', [work()]);
    const result = await client.call(ddl, 'hang', {}, { targets: ['a'] }).one();
    expect(result).to.include({
      state: 'timeout',
      statusmsg: 'the action did not finish within its timeout of 0.3 s',
    });
  });

  it('shows output as it comes', async () => {
    await network.node('a', [work()]);
    const pieces: unknown[] = [];
    const call = client.call(ddl, 'slow', {}, { targets: ['a'], onProgress: (piece) => pieces.push(piece) });
    expect((await call.one()).state).to.equal('ok');
    expect(pieces).to.deep.equal([
      { sender: 'a', data: 'one' },
      { sender: 'a', data: 'two' },
    ]);
  });

  it('cancels', async () => {
    await network.node('a', [work()]);
    const call = client.call(ddl, 'slow', {}, { targets: ['a'], onProgress: () => void call.cancel() });
    expect((await call.one()).state).to.equal('cancelled');
  });

  it('stops waiting at its signal, and does not cancel on the node', async () => {
    const { node } = await network.node('a', [work()]);
    const abort = new AbortController();
    const call = client.call(
      ddl,
      'slow',
      {},
      { targets: ['a'], signal: abort.signal, onProgress: () => abort.abort() },
    );
    expect(await call.one()).to.include({ state: 'no-reply', statusmsg: 'this client stopped waiting' });
    expect(node.stats.passed).to.equal(1);
  });

  it('runs a request once however often it arrives', async () => {
    await network.node('a', [work()]);
    const doubled = network.broker.connect();
    let copies = 0;
    await doubled.subscribe('mco/mcollective/node/a', (payload, topic) => {
      copies += 1;
      if (copies <= 3) void doubled.publish(topic, payload);
    });
    let replies = 0;
    await doubled.subscribe('mco/mcollective/reply/#', () => {
      replies += 1;
    });
    await client.call(ddl, 'echo', { text: 'x' }, { targets: ['a'] }).one();
    await waitFor('every copy to be answered', () => replies === 4);
    expect(runs).to.deep.equal(['x']);
    await doubled.close();
  });

  it('recovers replies that the broker lost', async () => {
    await network.node('a', [work()]);
    const { broker } = network;
    const route = broker.route.bind(broker);
    let lost = 0;
    broker.route = (topic, payload, retain) => {
      if (topic.includes('/reply/') && lost < 1) lost += 1;
      else route(topic, payload, retain);
    };
    const result = await client.call(ddl, 'echo', { text: 'x' }, { targets: ['a'] }).one();
    expect(result.state).to.equal('ok');
    expect(lost).to.equal(1);
    expect(runs).to.deep.equal(['x']);
  });

  it('refuses what the DDL refuses before anything is sent', () => {
    expect(() => client.call(ddl, 'echo', { text: 1 })).to.throw('text');
    expect(() => client.call(ddl, 'eco', {})).to.throw('did you mean "echo"');
  });

  it('leaves out those that the filter does not match', async () => {
    await network.node('a', [work()]);
    await network.node('b', [work()]);
    const filter = client.filter({ identities: ['/^b/'] });
    const results = await client.call(ddl, 'echo', {}, { filter }).all();
    expect(results.map(({ sender }) => sender)).to.deep.equal(['b']);
  });

  it('asks in batches, the next one when the last has ended', async () => {
    for (const name of ['a', 'b', 'c']) await network.node(name, [work()]);
    const ended: string[] = [];
    const call = client.call(
      ddl,
      'slow',
      {},
      {
        batch: { percent: 50 },
        batchSleep: 0.01,
        onProgress: ({ sender, data }) => data === 'one' && ended.push(`+${sender}`),
      },
    );
    for await (const { sender } of call) ended.push(`-${sender}`);
    const last = ended.slice(-2);
    expect(last[0]?.slice(1)).to.equal(last[1]?.slice(1));
    expect(ended.slice(0, 4).map((word) => word[0])).to.deep.equal(['+', '+', '-', '-']);
    expect((await call.stats()).ok).to.equal(3);
  });

  it('asks a part of the nodes, the same one for the same seed', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await network.node(name, [work()]);
    const senders = async () => {
      const results = await client.call(ddl, 'echo', {}, { limit: { percent: 50 }, limitSeed: 7 }).all();
      return results.map(({ sender }) => sender).sort();
    };
    const picked = await senders();
    expect(picked).to.have.length(2);
    expect(await senders()).to.deep.equal(picked);
  });

  it('says who was not asked when it is stopped between two batches', async () => {
    for (const name of ['a', 'b']) await network.node(name, [work()]);
    const abort = new AbortController();
    const call = client.call(ddl, 'echo', {}, { batch: 1, batchSleep: 60, signal: abort.signal });
    for await (const { state } of call) if (state === 'ok') abort.abort();
    expect((await call.stats()).byState).to.deep.equal({ ok: ['a'], 'not-asked': ['b'] });
  });

  it('sends no other batch when more have failed than may', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await network.node(name, [work()]);
    const options = { batch: 1, batchSleep: 0.01, maxFailures: { percent: 20 } };
    const call = client.call(ddl, 'fail', {}, options);
    const results = await call.all();
    const { stopped, byState, answered } = await call.stats();
    expect(byState).to.deep.equal({ failed: ['a', 'b'], 'not-asked': ['c', 'd', 'e'] });
    expect({ stopped, answered }).to.deep.equal({
      stopped: '2 nodes failed; the limit is 1',
      answered: 2,
    });
    expect(results.at(-1)).to.include({ statusmsg: `not asked: ${stopped}`, seconds: 0 });
  });

  it('stops at the first failure if none is allowed, and finishes the nodes already called', async () => {
    for (const name of ['a', 'b', 'c']) await network.node(name, [work()]);
    const stats = await client.call(ddl, 'fail', {}, { batch: 2, batchSleep: 0, maxFailures: 0 }).stats();
    expect(sorted(stats)).to.deep.equal({ failed: ['a', 'b'], 'not-asked': ['c'] });
    const all = await client.call(ddl, 'echo', {}, { batch: 2, batchSleep: 0, maxFailures: 0 }).stats();
    expect(all).to.include({ ok: 3 }).and.to.not.have.property('stopped');
  });

  it('refuses to count failures where all are asked at once', () => {
    expect(() => client.call(ddl, 'echo', {}, { maxFailures: 1 })).to.throw('maxFailures requires batch');
  });

  it('asks a daemon again that says it is restarting, and the action runs once', async () => {
    const restarting = await network.node('a', [work()]);
    const holding = client.call(ddl, 'slow', {}, { targets: ['a'] });
    await waitFor('the action to run', () => holding.running().length > 0);
    const closed = restarting.close({ patience: AbortSignal.timeout(10_000) });
    const call = client.call(ddl, 'echo', { text: 'later' }, { targets: ['a'] });
    await closed;
    expect(runs).to.deep.equal([]);
    await network.node('a', [work()]);
    expect(await call.one()).to.include({ state: 'ok', sender: 'a' });
    expect(runs).to.deep.equal(['later']);
    expect((await holding.one()).state).to.equal('ok');
  });

  it('does not make a discovery again that was made already', async () => {
    await network.node('a', [work()]);
    const discovered = await client.discover({ filter: client.withAgent(client.filter({}), 'work') });
    await network.node('b', [work()]);
    const results = await client.call(ddl, 'echo', {}, { discovered }).all();
    expect(results.map(({ sender }) => sender)).to.deep.equal(['a']);
  });

  it('names nodes that came while a broadcast was under way', async () => {
    for (let index = 0; index < 11; index += 1) await network.node(`n${index}`, [work()]);
    const { nodes, ...rest } = await client.discover();
    await network.node('late', [work()]);
    // The one that never answers keeps the call open until the late node's answer is here.
    const discovered = { ...rest, nodes: [...nodes, 'gone'] };
    const call = client.call(ddl, 'echo', {}, { discovered, answerWithin: 0.5 });
    expect(await call.all()).to.have.length(12);
    expect(runs).to.have.length(12);
    expect((await call.stats()).unexpected).to.deep.equal(['late']);
  });

  it('gets an error from a named node that the filter does not match', async () => {
    await network.node('a', [work()]);
    const filter = client.filter({ classes: ['web'] });
    const result = await client.call(ddl, 'echo', {}, { targets: ['a'], filter }).one();
    expect(result).to.include({ state: 'failed', statusmsg: 'the filter does not match this node' });
    expect(runs).to.deep.equal([]);
  });

  it('does not run on a node that it is sent to but that the filter does not name', async () => {
    for (const name of ['a', 'x']) await network.node(name, [work()]);
    const filter = client.filter({ identities: ['a'] });
    const results = await client.call(ddl, 'echo', { text: 'x' }, { targets: ['x'], filter }).all();
    expect(results[0]).to.include({ sender: 'x', state: 'failed', isUnmatched: true });
    expect(runs).to.deep.equal([]);
  });

  it('does not run on nodes that the filter does not name, even if it is broadcast', async () => {
    const names = Array.from({ length: 11 }, (_, index) => `n${index}`);
    for (const name of [...names, 'x']) await network.node(name, [work()]);
    const filter = client.filter({ identities: names });
    const discovered = await client.ping({ filter });
    const call = client.call(ddl, 'echo', {}, { filter, discovered });
    expect(await call.all()).to.have.length(11);
    expect(await client.call(ddl, 'echo', {}, { targets: ['x'] }).all()).to.have.length(1);
    expect(runs).to.have.length(12);
    expect((await call.stats()).unexpected).to.deep.equal([]);
  });

  it('does not run on a named node what a filter for agents leaves out', async () => {
    await network.node('a', [work()]);
    const filter = client.filter({ identities: ['a'], agents: ['other'] });
    const result = await client.call(ddl, 'echo', {}, { filter }).one();
    expect(result).to.include({ state: 'failed', statusmsg: 'the filter does not match this node' });
    expect(runs).to.deep.equal([]);
  });

  it('says which nodes cannot judge a filter, and why', async () => {
    await network.node('a', [work()]);
    const compound = [{ kind: 'data', name: 'nosuch', output: 'x', operator: '==', value: '1' }] as const;
    const { nodes, refused } = await client.discover({ filter: client.filter({ compound }) });
    expect(nodes).to.deep.equal([]);
    expect(refused).to.have.length(1);
    expect(refused[0]).to.include({ sender: 'a' });
    expect(refused[0]?.statusmsg).to.include('nosuch');
  });

  it('attaches to what another client began', async () => {
    await network.node('a', [work()]);
    const other = await network.client();
    const begun = other.call(ddl, 'slow', {}, { targets: ['a'] });
    await other.call(ddl, 'echo', {}, { targets: ['a'] }).one();
    const pieces: unknown[] = [];
    const attached = client.attach(begun.id, {
      targets: ['a', 'b'],
      answerWithin: 0.5,
      onProgress: ({ data }) => pieces.push(data),
    });
    const results = await attached.all();
    expect(results.find(({ sender }) => sender === 'a')).to.include({ state: 'ok', statuscode: 0 });
    expect(results.find(({ sender }) => sender === 'b')).to.include({ state: 'no-reply' });
    expect(pieces).to.deep.equal(['one', 'two']);
    expect(attached.about).to.deep.equal({ agent: 'work', action: 'slow' });
    expect((await begun.one()).state).to.equal('ok');
  });

  it('attaches twice to one request, and each gets all replies', async () => {
    await network.node('a', [work()]);
    const begun = client.call(ddl, 'slow', {}, { targets: ['a'] });
    const pieces: unknown[] = [];
    const attach = () =>
      client.attach(begun.id, { targets: ['a'], onProgress: ({ data }) => pieces.push(data) });
    await waitFor('the action to run', () => begun.running().length > 0);
    const results = await Promise.all([attach().one(), attach().one(), begun.one()]);
    expect(results.map(({ state }) => state)).to.deep.equal(['ok', 'ok', 'ok']);
    expect(pieces.sort()).to.deep.equal(['one', 'one', 'two', 'two']);
  });

  it('gets the state unknown if nothing is kept', async () => {
    await network.node('a', [work()]);
    const call = client.attach('0'.repeat(32), { targets: ['a'] });
    expect(await call.one()).to.include({ state: 'unknown' });
    expect(call.about).to.equal(undefined);
  });

  it('asks one node named outright without looking for it', async () => {
    await network.node('a');
    const filter = client.filter({ identities: ['a'] });
    const result = await client.agent(rpcutil).get_fact({ fact: 'kernel' }, { filter }).one();
    expect(result.data.value).to.equal('linux');
  });
});
