import { type Mock, mock } from 'node:test';
import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type ScheduleEvent, type ScheduleOptions, schedule } from '../../src/application/index.js';
import { type Question, ScriptedClient, turn } from './scripted-client.js';

/** Seconds since 1970 when a test begins. */
const epoch = 1_000_000;

interface Node {
  began?: number;
  enabled?: boolean;
  server?: string;
  /** Seconds that a run takes. */
  takes?: number;
  outcome?: string;
}

describe('the pace of a schedule', () => {
  let script: ScriptedClient;
  let nodes: Map<string, Node>;
  let events: ScheduleEvent[];
  let stop: AbortController;
  let isOver: boolean;
  /** Whether nodes answer when all are asked for their state. */
  let areFound: boolean;
  /** When each run was asked for, and of whom: in seconds from the beginning. */
  let asked: string[];

  // Mocked once: what is mocked twice, restoreAll leaves mocked.
  let random: Mock<() => number>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: epoch * 1000 });
    // A schedule begins somewhere in its first gap: here at its beginning.
    random = mock.method(Math, 'random', () => 0);
    script = new ScriptedClient();
    nodes = new Map();
    events = [];
    asked = [];
    stop = new AbortController();
    isOver = false;
    areFound = true;
    script.reply = reply;
  });
  afterEach(async () => {
    stop.abort();
    await turn();
    mock.timers.reset();
    mock.restoreAll();
  });

  const seconds = () => Date.now() / 1000 - epoch;

  function reply({ action, options, answer, fail }: Question): void {
    const status = (identity: string) => {
      const { began = 0, enabled = true, server = 'puppet' } = nodes.get(identity) ?? {};
      return { sender: identity, data: { lastrun_began: began, enabled, server } };
    };
    const [only] = options.targets ?? [];
    if (action === 'status' && only === undefined) {
      if (areFound) answer(...[...nodes.keys()].map(status));
      else fail(new Error('no broker'));
    } else if (action === 'status' && only !== undefined) answer(status(only));
    else if (only !== undefined) {
      const node = nodes.get(only) ?? {};
      const { takes = 0, outcome = 'changed' } = node;
      const began = Math.floor(Date.now() / 1000);
      asked.push(`${only}@${seconds()}`);
      node.began = began;
      const end = () =>
        answer({
          state: outcome === 'disabled' ? 'failed' : 'ok',
          data: { outcome, summary: 'words', ...(outcome === 'changed' ? { initiated_at: began } : {}) },
        });
      if (outcome === 'unmatched') answer({ state: 'failed', isUnmatched: true, statusmsg: 'no match' });
      else if (takes === 0) end();
      else setTimeout(end, takes * 1000);
    }
  }

  async function begin(options: ScheduleOptions): Promise<void> {
    for (const identity of nodes.keys()) script.tell(identity, true);
    const follow = async () => {
      for await (const event of schedule(script.client, { signal: stop.signal, ...options }))
        events.push(event);
      isOver = true;
    };
    void follow();
    await turn();
  }
  async function pass(time: number): Promise<void> {
    for (let left = time; left > 0; left -= 1) {
      mock.timers.tick(1000);
      await turn();
    }
  }
  const paces = () =>
    events.flatMap((event) => (event.type === 'fleet' ? [[event.nodes, event.secondsApart]] : []));

  it('counts a node no more that the filter no longer matches when its turn comes', async () => {
    nodes.set('a', { outcome: 'unmatched' });
    nodes.set('b', {});
    const filter = { ...emptyFilter, classes: ['web'] };
    await begin({ interval: 100, filter });
    await pass(50);
    expect(script.questions.find(({ action }) => action === 'runonce')?.options.filter).to.deep.equal(filter);
    expect(events).to.deep.include({ type: 'departed', identity: 'a' });
    expect(events.at(-1)).to.deep.equal({ type: 'fleet', nodes: 1, secondsApart: 100 });
  });

  it('spreads the nodes evenly over the interval, those first whose last run began first', async () => {
    for (const [identity, ago] of [
      ['a', 200],
      ['b', 400],
      ['c', 0],
      ['d', 300],
    ] as const)
      nodes.set(identity, { began: ago === 0 ? 0 : epoch - ago });
    await begin({ interval: 100 });
    await pass(225);
    expect(asked).to.deep.equal([
      'c@25',
      'b@50',
      'd@75',
      'a@100',
      'c@125',
      'b@150',
      'd@175',
      'a@200',
      'c@225',
    ]);
    expect(paces()).to.deep.equal([[4, 25]]);
  });

  it('takes nodes whose runs began together by their names', async () => {
    for (const identity of ['c', 'a', 'b']) nodes.set(identity, {});
    await begin({ interval: 30 });
    await pass(30);
    expect(asked).to.deep.equal(['a@10', 'b@20', 'c@30']);
  });

  it('begins somewhere in the first gap, so that schedules are not in step', async () => {
    random.mock.mockImplementation(() => 0.4);
    nodes.set('a', {});
    await begin({ interval: 100 });
    await pass(100);
    expect(asked).to.deep.equal(['a@60']);
  });

  it('runs no node before nine tenths of the interval have passed since its last run', async () => {
    nodes.set('a', { began: epoch });
    random.mock.mockImplementation(() => 1);
    await begin({ interval: 101 });
    await pass(90);
    expect(asked).to.deep.equal([]);
    await pass(1);
    expect(asked).to.deep.equal(['a@91']);
    expect(script.last.input).to.include({ min_age: 90, force: true });
  });

  it('asks for the run as it was told to, in its collective', async () => {
    nodes.set('a', {});
    const filter = { ...emptyFilter, classes: ['web'] };
    await begin({ interval: 10, input: { noop: true }, collective: 'eu', filter });
    expect(script.last.options).to.deep.include({ filter, collective: 'eu' });
    await pass(10);
    expect(script.last.input).to.deep.equal({ noop: true, min_age: 9, foreground: true, quiet: true });
    expect(script.last.options).to.include({ collective: 'eu' });
  });

  it('tells what happens', async () => {
    nodes.set('a', {});
    await begin({ interval: 10 });
    await pass(10);
    script.tell('b', true);
    await turn();
    script.tell('a', false);
    expect(events.map((event) => [event.type, 'identity' in event ? event.identity : ''])).to.deep.equal([
      ['fleet', ''],
      ['started', 'a'],
      ['run', ''],
      ['arrived', 'b'],
      ['fleet', ''],
    ]);
    await turn();
    expect(events.at(-2)).to.deep.equal({ type: 'departed', identity: 'a' });
    expect(events.at(-1)).to.deep.equal({ type: 'fleet', nodes: 1, secondsApart: 10 });
    expect(events[2]).to.have.nested.property('run.outcome', 'changed');
  });

  it('changes at once with who comes and goes', async () => {
    nodes.set('a', {});
    await begin({ interval: 100 });
    await pass(10);
    nodes.set('b', {});
    script.tell('b', true);
    await turn();
    expect(paces()).to.deep.equal([
      [1, 100],
      [2, 50],
    ]);
    await pass(40);
    expect(asked).to.deep.equal(['a@50']);
    nodes.delete('a');
    script.tell('a', false);
    await turn();
    expect(paces().at(-1)).to.deep.equal([1, 100]);
    await pass(100);
    expect(asked).to.deep.equal(['a@50', 'b@150']);
  });

  it('counts no node that is disabled, until it is enabled and looked for again', async () => {
    nodes.set('a', {});
    nodes.set('off', { enabled: false });
    await begin({ interval: 20 });
    await pass(19);
    expect(asked).to.deep.equal([]);
    nodes.set('off', {});
    await pass(11);
    expect(asked).to.deep.equal(['a@20', 'off@30']);
    expect(paces()).to.deep.equal([
      [1, 20],
      [2, 10],
    ]);
  });

  it('runs the only node as soon as it is found to be enabled', async () => {
    nodes.set('off', { enabled: false });
    await begin({ interval: 20 });
    await pass(10);
    nodes.set('off', {});
    await pass(10);
    expect(asked).to.deep.equal(['off@20']);
  });

  it('learns that a node was disabled when it is to run', async () => {
    nodes.set('a', { outcome: 'disabled' });
    nodes.set('b', {});
    await begin({ interval: 100 });
    await pass(50);
    expect(asked).to.deep.equal(['a@50']);
    await turn();
    expect(paces()).to.deep.equal([
      [2, 50],
      [1, 100],
    ]);
  });

  it('gives a node that could not begin its next turn after all others', async () => {
    nodes.set('a', { outcome: 'already-running', began: epoch - 500 });
    nodes.set('b', { began: epoch - 400 });
    await begin({ interval: 100 });
    await pass(150);
    expect(asked).to.deep.equal(['a@50', 'b@100', 'a@150']);
  });

  it('gives a node that runs no other turn, and starts none to catch up', async () => {
    nodes.set('a', { takes: 70 });
    await begin({ interval: 20 });
    await pass(115);
    expect(asked).to.deep.equal(['a@20', 'a@90']);
  });

  it('waits for a place where a limit is reached, and looks again whose turn it is', async () => {
    nodes.set('a', { began: 1, takes: 35 });
    nodes.set('b', { began: 2 });
    nodes.set('c', { began: 3 });
    await begin({ interval: 30, concurrency: 1 });
    await pass(30);
    expect(asked).to.deep.equal(['a@10']);
    script.tell('b', false);
    await pass(15);
    expect(asked).to.deep.equal(['a@10', 'c@45']);
  });

  it('keeps to the limit of each Puppet server', async () => {
    nodes.set('a', { began: 1, takes: 25 });
    nodes.set('b', { began: 2 });
    await begin({ interval: 20, perServer: 1 });
    await pass(34);
    expect(asked).to.deep.equal(['a@10']);
    await pass(1);
    expect(asked).to.deep.equal(['a@10', 'b@35']);
  });

  it('gives the place of a node that went away to the next one', async () => {
    nodes.set('a', { began: 1, takes: 1000 });
    nodes.set('b', { began: 2 });
    await begin({ interval: 20, concurrency: 1, grace: 100 });
    await pass(28);
    script.tell('a', false);
    await pass(4);
    expect(asked).to.deep.equal(['a@10']);
    await pass(1);
    expect(asked).to.deep.equal(['a@10', 'b@33']);
  });

  it('looks for nodes once in an interval, and says so if that fails', async () => {
    nodes.set('a', {});
    await begin({ interval: 20 });
    const looks = () => script.questions.filter(({ options }) => !options.targets).length;
    expect(looks()).to.equal(1);
    await pass(19);
    expect(looks()).to.equal(1);
    areFound = false;
    await pass(1);
    expect(looks()).to.equal(2);
    expect(events.find(({ type }) => type === 'trouble')).to.deep.equal({
      type: 'trouble',
      reason: 'discovery failed: no broker',
    });
    areFound = true;
    nodes.set('missed', {});
    await pass(20);
    expect(events.find(({ type }) => type === 'arrived')).to.deep.equal({
      type: 'arrived',
      identity: 'missed',
    });
  });

  it('tells of a run that cannot be asked for, and goes on', async () => {
    nodes.set('a', {});
    await begin({ interval: 10 });
    const presence = script.presence.bind(script);
    script.presence = () => Promise.reject(new Error('no broker'));
    await pass(10);
    expect(events.at(-1)).to.deep.equal({ type: 'trouble', reason: 'a: no broker' });
    script.presence = presence;
    await pass(10);
    expect(asked).to.deep.equal(['a@20']);
  });

  it('ends at the signal, with all that it listens to', async () => {
    nodes.set('a', { takes: 50 });
    await begin({ interval: 10 });
    await pass(15);
    stop.abort();
    await turn();
    expect(isOver).to.equal(true);
    expect(script.listeners.size).to.equal(0);
    const { length } = events;
    await pass(100);
    expect(asked).to.deep.equal(['a@10']);
    expect(events).to.have.length(length);
  });

  for (const [what, members] of [
    ['nobody', []],
    ['the next turn', ['a']],
  ] as const)
    it(`ends at the signal while it waits for ${what}`, async () => {
      for (const identity of members) nodes.set(identity, {});
      await begin({ interval: 10 });
      stop.abort();
      await turn();
      expect({ isOver, asked }).to.deep.equal({ isOver: true, asked: [] });
    });

  it('ends at the signal while it waits for a place', async () => {
    nodes.set('a', { takes: 50 });
    nodes.set('b', {});
    await begin({ interval: 10, concurrency: 1 });
    await pass(15);
    stop.abort();
    await turn();
    expect(isOver).to.equal(true);
    expect(asked).to.deep.equal(['a@5']);
  });

  it('throws if the nodes cannot be found at the beginning', async () => {
    areFound = false;
    const iterator = schedule(script.client, { interval: 10 })[Symbol.asyncIterator]();
    expect(await iterator.next().catch(String)).to.equal('Error: no broker');
    expect(script.listeners.size).to.equal(0);
  });
});
