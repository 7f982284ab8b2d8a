import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBroker, parseFact, Topics } from '@troupe/core';
import { naturalOrder } from '@troupe/core/internal';
import { emulateFleet, type Faults, type Fleet, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Client, Discovery } from '../../src/index.js';
import { connectTo, holdBack, Network } from '../network.js';
import { workDdl, worker } from '../work-agent.js';

const topics = new Topics();
const all = topics.agent('mcollective', 'discovery', 2);

/** What was asked of nodes: the topics, in their order, of what was sent to them. */
function overhear(broker: MemoryBroker): string[] {
  const sent: string[] = [];
  const route = broker.route.bind(broker);
  broker.route = (topic, payload, retain) => {
    if (/\/(agent|node)\//.test(topic)) sent.push(topic);
    route(topic, payload, retain);
  };
  return sent;
}

describe('a call to all nodes that are online', () => {
  let broker: MemoryBroker;
  let sent: string[];
  let fleet: Fleet;
  let client: Client;
  let work: ReturnType<typeof worker>;

  beforeEach(() => {
    broker = new MemoryBroker();
    sent = overhear(broker);
    work = worker();
  });
  afterEach(async () => {
    await client?.close();
    await fleet?.close();
  });

  // Every fourth node is in Europe, and every third lacks the agent where that is wanted.
  async function start(
    instances: number,
    {
      faults,
      areSomeBare = false,
    }: { faults?: (index: number) => Faults | undefined; areSomeBare?: boolean } = {},
  ) {
    fleet = await emulateFleet({
      instances,
      broker,
      agents: (index) => (areSomeBare && index % 3 === 2 ? [] : [work.agent]),
      facts: (index) => ({ region: index % 4 === 0 ? 'eu' : 'us' }),
      ...(faults ? { faults } : {}),
    });
    client = await connectTo(broker);
  }

  const name = (index: number) => fleet.nodes[index]?.identity ?? '';
  const named = (fits: (index: number) => boolean) =>
    fleet.nodes
      .filter((_, index) => fits(index))
      .map(({ identity }) => identity)
      .sort(naturalOrder);
  const inEurope = () => client.filter({ facts: [parseFact('region=eu')] });

  it('sends one message where all match, and ends with the last reply', async () => {
    await start(20);
    let found: Discovery | undefined;
    const onDiscovered = (discovery: Discovery) => {
      found = discovery;
    };
    const call = client.call(workDdl, 'echo', { text: 'x' }, { onDiscovered });
    const stats = await call.stats();
    expect(stats).to.include({ targets: 20, ok: 20, discoverySeconds: 0 });
    expect(sent).to.deep.equal([all]);
    expect(found).to.deep.include({
      method: 'broadcast',
      byRequest: true,
      nodes: named(() => true),
      silent: [],
    });
    expect(call.discovery).to.deep.equal(found);
    expect(work.runs()).to.equal(20);
  });

  it('runs on those that the filter matches, and the others say that it is not for them', async () => {
    await start(20);
    const call = client.call(workDdl, 'echo', {}, { filter: inEurope() });
    const results = await call.all();
    expect(results.map(({ sender }) => sender).sort(naturalOrder)).to.deep.equal(
      named((index) => index % 4 === 0),
    );
    expect(results.every(({ ok }) => ok)).to.equal(true);
    expect(sent).to.deep.equal([all]);
    expect(call.size).to.equal(5);
  });

  it('leaves out those that lack the agent', async () => {
    await start(9, { areSomeBare: true });
    const { byState } = await client.call(workDdl, 'echo', {}).stats();
    expect([...(byState.ok ?? [])].sort(naturalOrder)).to.deep.equal(named((index) => index % 3 !== 2));
    expect(Object.keys(byState)).to.deep.equal(['ok']);
    expect(sent).to.deep.equal([all]);
  });

  it('has no result if no node matches', async () => {
    await start(3);
    const call = client.call(workDdl, 'echo', {}, { filter: client.filter({ classes: ['nosuch'] }) });
    expect(await call.stats()).to.include({ targets: 0, ok: 0 });
    expect(call.discovery).to.deep.include({ nodes: [], silent: [], byRequest: true });
    expect(work.runs()).to.equal(0);
  });

  it('repeats the request to silent nodes, and lists those that stay silent, which are not targets', async () => {
    await start(8, { faults: (index) => (index === 3 || index === 4 ? { lose: 1 } : undefined) });
    const lossy = fleet.nodes[3];
    const sizes: number[] = [];
    const call = client.call(workDdl, 'echo', {});
    for await (const { ok } of call) {
      expect(ok).to.equal(true);
      sizes.push(call.size);
      if (lossy) lossy.faults = {};
    }
    expect(await call.stats()).to.include({ targets: 7, ok: 7 });
    expect(call.discovery).to.deep.include({ silent: [name(4)], nodes: named((index) => index !== 4) });
    // It counts as one that may be a target as long as it is waited for.
    expect(sizes[0]).to.equal(8);
    expect(call.size).to.equal(7);
    expect(sent.filter((topic) => topic === all)).to.have.length(1);
    expect(new Set(sent)).to.deep.equal(
      new Set([all, ...[3, 4].map((at) => topics.node('mcollective', name(at)))]),
    );
    expect(work.runs()).to.equal(7);
  });

  it('runs the action once on a node whose reply was lost', async () => {
    await start(3);
    const route = broker.route.bind(broker);
    let lost = 0;
    broker.route = (topic, payload, retain) => {
      if (topic.includes('/reply/') && lost < 2) lost += 1;
      else route(topic, payload, retain);
    };
    expect(await client.call(workDdl, 'echo', {}).stats()).to.include({ ok: 3, targets: 3 });
    expect({ lost, runs: work.runs() }).to.deep.equal({ lost: 2, runs: 3 });
  });

  it('loses no result of a node that presence does not know', async () => {
    await start(5);
    await client.close();
    for (const index of [1, 2])
      broker.route(topics.presence('mcollective', name(index)), new Uint8Array(0), true);
    client = await connectTo(broker);
    expect((await client.presence()).online()).to.have.length(3);
    const repliesOf = (index: number) => (topic: string) =>
      topic.includes('/reply/') && topic.endsWith(`/${name(index)}`);
    const known = holdBack(broker, repliesOf(4));
    const stranger = holdBack(broker, repliesOf(2));
    // The first stranger answers before the last known node does: it shows that presence is incomplete.
    await broker.connect().subscribe('mco/mcollective/reply/#', (_, topic) => {
      if (repliesOf(1)(topic)) known.release();
    });
    const call = client.call(workDdl, 'echo', {});
    // Longer than a search takes to end that waits for known nodes only.
    for await (const { sender } of call) if (sender === name(4)) setTimeout(stranger.release, 100);
    expect(await call.stats()).to.deep.include({ ok: 5, targets: 5, unexpected: [] });
    expect(call.discovery?.nodes).to.deep.equal(named(() => true));
  });

  it('takes in the result of a node that was given up while others were at work', async () => {
    await start(3);
    const route = broker.route.bind(broker);
    const held: (() => void)[] = [];
    broker.route = (topic, payload, retain) => {
      const bring = () => route(topic, payload, retain);
      if (topic.includes('/reply/') && topic.endsWith(`/${name(1)}`) && !call.discovery) held.push(bring);
      else bring();
    };
    const silentAtFirst: string[] = [];
    const call = client.call(
      workDdl,
      'hold',
      {},
      { onDiscovered: ({ silent }) => silentAtFirst.push(...silent) },
    );
    await waitFor('the search to end', () => call.discovery !== undefined);
    expect(silentAtFirst).to.deep.equal([name(1)]);
    expect([...call.open()].sort(naturalOrder)).to.deep.equal([name(0), name(2)]);
    for (const bring of held) bring();
    await waitFor('the late one', () => call.open().includes(name(1)));
    expect(call.discovery).to.deep.include({ nodes: named(() => true), silent: [] });
    work.release();
    expect(await call.stats()).to.include({ targets: 3, ok: 3 });
  });

  it('also cancels on nodes that may run it', async () => {
    await start(3, { faults: (index) => (index === 1 ? { lose: 1 } : undefined) });
    const deaf = fleet.nodes[1];
    const call = client.call(workDdl, 'hold', {});
    await waitFor('two to be at work', () => call.running().length === 2);
    expect([...call.open()].sort(naturalOrder)).to.deep.equal(named(() => true));
    if (deaf) deaf.faults = {};
    await call.cancel();
    expect((await call.stats()).byState.cancelled).to.have.length.at.least(2);
  });

  it('lists the nodes that had not replied when it was stopped', async () => {
    await start(3, { faults: (index) => (index === 1 ? { lose: 1 } : undefined) });
    const abort = new AbortController();
    const call = client.call(workDdl, 'hold', {}, { signal: abort.signal });
    await waitFor('two to be at work', () => call.running().length === 2);
    abort.abort();
    const { byState } = await call.stats();
    expect(byState).to.have.all.keys('no-reply');
    expect([...(byState['no-reply'] ?? [])].sort(naturalOrder)).to.deep.equal([name(0), name(2)]);
    expect([...call.open()].sort(naturalOrder)).to.deep.equal(named(() => true));
    expect(call.discovery?.silent).to.deep.equal([name(1)]);
    work.release();
  });

  it('throws what is wrong with a filter before anybody is asked', async () => {
    await start(1);
    const filter = client.filter({ identities: ['group:web', '/x/'] });
    const error = await client
      .call(workDdl, 'echo', {}, { filter })
      .all()
      .catch((thrown: Error) => thrown);
    expect(error).to.have.property('code', 'FILTER_INVALID');
    expect(sent).to.deep.equal([]);
  });

  describe('makes a discovery first', () => {
    const question = (options: object) => client.call(workDdl, 'echo', {}, options).stats();
    const asked = () => sent.filter((topic) => topic === all).length;

    for (const [what, options] of [
      ['with a limit', { limit: 2 }],
      ['with batches', { batch: 2, batchSleep: 0 }],
      ['with a fixed window', { discoveryTimeout: 0.3 }],
    ] as const)
      it(what, async () => {
        await start(3);
        const { targets } = await question(options);
        expect(targets).to.equal('limit' in options ? 2 : 3);
        expect(asked()).to.equal(1);
        expect(sent.filter((topic) => topic.includes('/node/'))).to.have.length(targets);
      });

    it('without presence', async () => {
      broker.retained = () => [];
      await start(3);
      const call = client.call(workDdl, 'echo', {});
      expect(await call.stats()).to.include({ targets: 3, ok: 3 });
      expect(call.discovery).to.not.have.property('byRequest');
      // It is not known which versions they speak, so the discovery goes out in each.
      expect(sent).to.have.length(5);
    });

    it('and none at all where nodes are named', async () => {
      await start(3);
      const filter = client.filter({ identities: [name(1)] });
      expect(await question({ filter })).to.include({ targets: 1, ok: 1 });
      expect(sent).to.deep.equal([topics.node('mcollective', name(1))]);
    });
  });
});

describe('a broadcast call that some nodes refuse', () => {
  let network: Network;
  let client: Client;
  let folder: string;
  let work: ReturnType<typeof worker>;

  beforeEach(() => {
    network = new Network();
    folder = mkdtempSync(join(tmpdir(), 'troupe-everybody-'));
    writeFileSync(join(folder, 'worker.policy'), 'policy default deny\n');
    for (const region of ['eu', 'us']) writeFileSync(join(folder, `${region}.yaml`), `region: ${region}\n`);
    work = worker();
  });
  afterEach(async () => {
    await network.close();
    rmSync(folder, { recursive: true });
  });

  const node = (identity: string, region: string, isDenying: boolean) =>
    network.node(identity, [work.agent], isDenying ? `, authorization: { policies: ${folder} }` : '', [
      join(folder, `${region}.yaml`),
    ]);

  async function start() {
    await node('free.eu', 'eu', false);
    await node('free.us', 'us', false);
    await node('shut.eu', 'eu', true);
    await node('shut.us', 'us', true);
    client = await network.client();
  }

  it('lists the nodes that denied it', async () => {
    await start();
    const { byState } = await client.call(workDdl, 'echo', {}).stats();
    const sorted = Object.entries(byState).map(([state, names]) => [state, [...names].sort(naturalOrder)]);
    expect(Object.fromEntries(sorted)).to.deep.equal({
      ok: ['free.eu', 'free.us'],
      denied: ['shut.eu', 'shut.us'],
    });
  });

  it('does not count a node as a target that denied it before evaluating the filter and does not match', async () => {
    await start();
    const filter = client.filter({ facts: [parseFact('region=eu')] });
    const call = client.call(workDdl, 'echo', {}, { filter });
    const results = await call.all();
    const states = Object.fromEntries(results.map(({ sender, state }) => [sender, state]));
    expect(states).to.deep.equal({ 'free.eu': 'ok', 'shut.eu': 'denied' });
    expect(results.find(({ state }) => state === 'denied')?.statusmsg).to.include('not authorized');
    expect(call.discovery).to.deep.include({ nodes: ['free.eu', 'shut.eu'], refused: [] });
  });

  it('hides no refusal when it is stopped before that is judged', async () => {
    await start();
    const abort = new AbortController();
    const route = network.broker.route.bind(network.broker);
    network.broker.route = (topic, payload, retain) => {
      // The question of a discovery to one that denied.
      if (topic === topics.node('mcollective', 'shut.eu')) abort.abort();
      else route(topic, payload, retain);
    };
    const filter = client.filter({ facts: [parseFact('region=eu')] });
    const call = client.call(workDdl, 'echo', {}, { filter, signal: abort.signal });
    expect((await call.stats()).byState).to.deep.equal({ ok: ['free.eu'] });
    const refused = call.discovery?.refused ?? [];
    expect(refused.map(({ sender }) => sender).sort(naturalOrder)).to.deep.equal(['shut.eu', 'shut.us']);
    expect(refused[0]?.statusmsg).to.include('not authorized');
  });

  it('lists a node that refuses after the search has ended', async () => {
    await start();
    const route = network.broker.route.bind(network.broker);
    const held: (() => void)[] = [];
    network.broker.route = (topic, payload, retain) => {
      const bring = () => route(topic, payload, retain);
      if (topic.includes('/reply/') && topic.endsWith('/shut.eu') && !call.discovery) held.push(bring);
      else bring();
    };
    const filter = client.filter({ facts: [parseFact('region=eu')] });
    const call = client.call(workDdl, 'hold', {}, { filter });
    await waitFor('the search to end', () => call.discovery !== undefined);
    expect(call.discovery).to.deep.include({ silent: ['shut.eu'], refused: [] });
    for (const bring of held) bring();
    await waitFor('the refusal', () => call.discovery?.silent.length === 0);
    expect(call.discovery?.refused.map(({ sender }) => sender)).to.deep.equal(['shut.eu']);
    work.release();
    expect((await call.stats()).byState).to.deep.equal({ ok: ['free.eu'] });
  });

  it('asks many that refuse by one message to all', async () => {
    const fleet = await emulateFleet({ instances: 60, broker: network.broker, agents: [work.agent] });
    client = await network.client();
    await client.presence();
    const sent = overhear(network.broker);
    const compound = [{ kind: 'data', name: 'nosuch', output: 'x', operator: '==', value: '1' }] as const;
    const call = client.call(workDdl, 'echo', {}, { filter: client.filter({ compound }) });
    expect(await call.stats()).to.include({ targets: 0 });
    expect(call.discovery?.refused).to.have.length(60);
    expect(sent).to.deep.equal([all, all]);
    await fleet.close();
  });

  it('says which nodes cannot judge a filter, and why', async () => {
    await start();
    const compound = [{ kind: 'data', name: 'nosuch', output: 'x', operator: '==', value: '1' }] as const;
    const call = client.call(workDdl, 'echo', {}, { filter: client.filter({ compound }) });
    expect(await call.stats()).to.include({ targets: 0 });
    expect(call.discovery?.refused.map(({ sender }) => sender).sort(naturalOrder)).to.deep.equal([
      'free.eu',
      'free.us',
      'shut.eu',
      'shut.us',
    ]);
    expect(call.discovery?.refused[0]?.statusmsg).to.include('nosuch');
  });

  it('says whose clock refused it, as a discovery does', async () => {
    const fleet = await emulateFleet({
      instances: 2,
      broker: network.broker,
      agents: [work.agent],
      faults: (index) => (index === 1 ? { skew: 3_600_000 } : undefined),
    });
    client = await network.client();
    const call = client.call(workDdl, 'echo', {});
    expect((await call.stats()).byState).to.deep.equal({ ok: ['node-1.fleet'] });
    expect(call.discovery?.refused.map(({ sender }) => sender)).to.deep.equal(['node-2.fleet']);
    expect(call.discovery?.refused[0]?.statusmsg).to.include('clock');
    await fleet.close();
  });
});
