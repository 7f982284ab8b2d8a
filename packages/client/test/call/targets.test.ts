import { emptyFilter, parseFact } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mayBroadcast, mayBroadcastTo, narrowed, targetsOf } from '../../src/call/targets.js';
import { request } from '../../src/connection/node-messages.js';
import type { CallOptions, Discovery } from '../../src/index.js';

const filtered = { filter: { ...emptyFilter, facts: [parseFact('os=linux')] } };
const withAgent = { filter: { ...emptyFilter, agents: ['puppetd'] } };

describe('whether a broadcast may find its own targets', () => {
  for (const [what, options, expected] of [
    ['nothing said', {}, true],
    ['a filter', filtered, true],
    ['a pattern of names', { filter: { ...emptyFilter, identities: ['/^web/'] } }, true],
    ['names', { filter: { ...emptyFilter, identities: ['web1'] } }, false],
    ['targets', { targets: ['web1'] }, false],
    ['a limit', { limit: 1 }, false],
    ['batches', { batch: 1 }, false],
    ['a fixed window', { discoveryTimeout: 1 }, false],
    ['a discovery made before', { discovered: {} as Discovery }, false],
    [
      'a source',
      { source: { name: 'x', find: () => Promise.resolve({ nodes: [], rest: emptyFilter }) } },
      false,
    ],
  ] as const)
    it(`${what}: ${expected}`, () => expect(mayBroadcast(options)).to.equal(expected));

  for (const [online, options, expected] of [
    [0, {}, false],
    [1, {}, true],
    [0, filtered, false],
    [2000, filtered, true],
    [2001, filtered, false],
    [2100, filtered, false],
    [2100, withAgent, false],
    [2100, {}, true],
  ] as const)
    it(`${online} online, ${'filter' in options ? 'a filter' : 'no filter'}: ${expected}`, () =>
      expect(mayBroadcastTo(options, online)).to.equal(expected));
});

describe('a filter', () => {
  it('is sent with the part that a source has not judged, and the agents that the caller named', () => {
    const about = { id: 'x', ttl: 60, caller: 'c', session: 's', collective: 'm' };
    const message = request({ ...about, agent: 'a', action: 'b', filter: filtered.filter, input: {} });
    const found = {
      nodes: ['a'],
      silent: [],
      refused: [],
      offline: [],
      seconds: 0,
      method: 'named',
    } as const;
    const rest = { ...emptyFilter, classes: ['web'], agents: ['dropped'] };
    expect(narrowed(message, undefined)).to.equal(message);
    expect(narrowed(message, found)).to.equal(message);
    expect(narrowed(message, { ...found, rest }, ['own']).filter).to.deep.equal({ ...rest, agents: ['own'] });
    expect(narrowed(message, { ...found, rest }).filter.agents).to.deep.equal([]);
  });
});

describe('the targets of a call', () => {
  const names = Array.from({ length: 20 }, (_, index) => `n${String(index).padStart(2, '0')}`);
  const found = (more: Partial<Discovery> = {}): Discovery => ({
    method: 'broadcast',
    nodes: names,
    silent: [],
    refused: [],
    offline: [],
    seconds: 0,
    ...more,
  });
  let asked: number;
  let told: Discovery[];
  const targets = (options: CallOptions, discovery = found()) => {
    asked = 0;
    told = [];
    return targetsOf({ onDiscovered: (one) => told.push(one), ...options }, async () => {
      asked += 1;
      return discovery;
    });
  };

  it('are the named nodes, each once, without a discovery', async () => {
    expect(await targets({ targets: ['b', 'a', 'b'] })).to.deep.equal({
      targets: ['b', 'a'],
      isWhole: false,
    });
    expect({ asked, told }).to.deep.equal({ asked: 0, told: [] });
  });

  it('are the discovered nodes, which are reported', async () => {
    const discovery = found();
    expect(await targets({}, discovery)).to.deep.equal({ targets: names, discovery, isWhole: true });
    expect({ asked, told }).to.deep.equal({ asked: 1, told: [discovery] });
  });

  it('are the nodes of an earlier discovery, which is not reported again', async () => {
    const discovered = found();
    expect(await targets({ discovered })).to.deep.equal({
      targets: names,
      discovery: discovered,
      isWhole: true,
    });
    expect({ asked, told }).to.deep.equal({ asked: 0, told: [] });
  });

  for (const [what, options, discovery, count, isWhole] of [
    ['a source named them', {}, found({ method: 'named' }), 20, false],
    ['fewer are wanted', { limit: 5 }, found(), 5, false],
    ['as many are wanted as were found', { limit: 20 }, found(), 20, true],
    ['more are wanted', { limit: 30 }, found(), 20, true],
    ['a part of them is wanted', { limit: { percent: 10 } }, found(), 2, false],
    ['fewer of the named are wanted', { targets: names, limit: 3 }, found(), 3, false],
  ] as const)
    it(`are ${count}, ${isWhole ? 'all' : 'not known to be all'} that match, if ${what}`, async () => {
      const picked = await targets(options, discovery);
      expect(picked.targets).to.have.length(count);
      expect(names).to.include.members([...picked.targets]);
      expect(picked.isWhole).to.equal(isWhole);
    });

  it('are the same for the same seed, and others for none', async () => {
    const pick = async (options: CallOptions) => (await targets({ limit: 10, ...options })).targets.join();
    expect(await pick({ limitSeed: 0 })).to.equal(await pick({ limitSeed: 0 }));
    expect(await pick({ limitSeed: 1 })).to.not.equal(await pick({ limitSeed: 2 }));
    const random = new Set<string>();
    for (let count = 0; count < 9; count += 1) random.add(await pick({}));
    expect(random.size).to.be.greaterThan(1);
  });
});
