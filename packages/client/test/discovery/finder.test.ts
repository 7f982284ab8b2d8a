import { emptyFilter, type Logger, parseFilter } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Finder } from '../../src/discovery/finder.js';
import type { Discovery, DiscoveryOptions, NodeSource } from '../../src/index.js';
import { result } from '../replies.js';
import { ScriptedNetwork } from '../scripted-network.js';

const web = parseFilter({ classes: ['web'] });

describe('finding nodes', () => {
  let network: ScriptedNetwork;
  let warnings: string[];
  let given: unknown[];
  let tls: object | undefined;

  beforeEach(() => {
    network = new ScriptedNetwork();
    warnings = [];
    given = [];
    tls = undefined;
  });
  afterEach(() => network.end());

  function find(options: Partial<DiscoveryOptions>, way: 'find' | 'ask' = 'find'): Promise<Discovery> {
    const finder = new Finder({
      router: network.router,
      presence: async () => network.presence,
      credentials: tls ? ({ tls } as never) : {},
      ddlDirs: [],
      log: { warn: ({ reason }: { reason: string }) => warnings.push(reason) } as unknown as Logger,
    });
    return finder[way]({ collective: 'm', filter: emptyFilter, ...options });
  }
  /** A source that gives these nodes, and leaves this part of the filter. */
  const source = (nodes: readonly string[], rest = emptyFilter): NodeSource => ({
    name: 'list',
    find: async (request) => {
      given.push(request);
      return { nodes: nodes.map((identity) => ({ identity })), rest };
    },
  });
  const none = { silent: [], refused: [], offline: [], seconds: 0 };

  it('orders nodes by the numbers in their names', async () => {
    const nodes = ['node-10', 'node-2', 'node-1'];
    expect((await find({ source: source(nodes) })).nodes).to.deep.equal(['node-1', 'node-2', 'node-10']);
  });

  it('sends no request about nodes that a filter names', async () => {
    const filter = parseFilter({ identities: ['b', 'a'] });
    expect(await find({ filter })).to.deep.include({ method: 'named', ...none });
    expect((await find({ filter })).nodes).to.have.members(['a', 'b']);
    expect(network.sent).to.deep.equal([]);
  });

  it('asks all where they are to be asked, named or not', async () => {
    const found = find({ filter: parseFilter({ identities: ['a'] }) }, 'ask');
    await network.turns();
    expect(network.log()).to.deep.equal(['discovery 0']);
    await network.pass(3_000);
    expect(await found).to.include({ method: 'broadcast' });
  });

  it('returns the nodes of a source, unique and sorted, without a request if the source evaluated the whole filter', async () => {
    const stop = new AbortController();
    tls = { ca: [] };
    expect(await find({ filter: web, source: source(['b', 'a', 'b']), signal: stop.signal })).to.deep.equal({
      method: 'named',
      source: 'list',
      rest: emptyFilter,
      nodes: ['a', 'b'],
      ...none,
    });
    expect(given).to.deep.equal([{ filter: web, collective: 'm', tls, signal: stop.signal }]);
    tls = undefined;
    await find({ source: source([]) });
    expect(given[1]).to.deep.equal({ filter: emptyFilter, collective: 'm' });
    expect(network.sent).to.deep.equal([]);
  });

  it('sends no request if a source has no nodes', async () => {
    expect(await find({ source: source([], web) })).to.deep.include({ nodes: [], rest: web });
    expect(network.sent).to.deep.equal([]);
  });

  it('sends the rest of the filter to the nodes of a source, and lists those that are offline', async () => {
    for (const [identity, isOnline] of [
      ['a', true],
      ['away', false],
      ['other', false],
    ] as const)
      network.records.set(identity, isOnline);
    const found = find({ filter: parseFilter({ identities: ['x'] }), source: source(['away', 'a'], web) });
    await network.turns();
    const [sent] = network.sent;
    expect(sent?.to).to.deep.equal(['a', 'away']);
    expect(sent?.message.filter).to.deep.equal(web);
    await network.pass(500);
    network.deliver(result('a', 1), sent?.message.id);
    await network.pass(100);
    expect(await found).to.deep.equal({
      method: 'named',
      source: 'list',
      rest: web,
      nodes: ['a'],
      silent: [],
      refused: [],
      offline: ['away'],
      seconds: 0.5,
    });
  });

  for (const [what, options, way] of [
    ['named', { filter: parseFilter({ identities: ['a'], select: ["fstat('/x').sice > 0"] }) }, 'find'],
    ['asked', { filter: parseFilter({ select: ["fstat('/x').sice > 0"] }) }, 'ask'],
    [
      'of a source',
      { filter: parseFilter({ select: ["fstat('/x').sice > 0"] }), source: source(['a']) },
      'find',
    ],
    ['in a group', { filter: { ...emptyFilter, identities: ['a', 'group:web'] } }, 'find'],
    ['asked, in a group', { filter: { ...emptyFilter, identities: ['group:web'] } }, 'ask'],
  ] as const)
    it(`throws before anybody is asked if no node can judge the filter (${what})`, async () => {
      const error = await find(options, way).catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'FILTER_INVALID');
      expect({ sent: network.sent, given }).to.deep.equal({ sent: [], given: [] });
    });

  it('warns of what only nodes can judge', async () => {
    await find({ filter: parseFilter({ identities: ['a'], select: ['own().x = 1'] }), source: source([]) });
    expect(warnings).to.deep.equal([
      'no DDL for the data plugin "own" on this machine; each node checks the query itself',
    ]);
  });
});
