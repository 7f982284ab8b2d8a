import type { Client } from '@troupe/client';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type ScheduleEvent, type ScheduleOptions, schedule } from '../../src/application/index.js';
import { FakeFleet } from './fake-fleet.js';

describe('a schedule', function () {
  this.timeout(30_000);
  let fleet: FakeFleet;
  let client: Client;
  let stop: AbortController;
  const ends: Promise<void>[] = [];

  beforeEach(async () => {
    fleet = new FakeFleet();
    client = await fleet.client();
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await Promise.all(ends.splice(0));
    await fleet[Symbol.asyncDispose]();
  });

  function begin(options: ScheduleOptions, by = client, until = stop.signal): ScheduleEvent[] {
    const events: ScheduleEvent[] = [];
    const follow = async () => {
      for await (const event of schedule(by, { signal: until, ...options })) events.push(event);
    };
    ends.push(follow());
    return events;
  }

  const now = () => Math.floor(Date.now() / 1000);
  const begun = () => fleet.runs.map(({ node }) => node);

  it('runs first whose last run began first, and never two at once to catch up', async () => {
    for (const [node, ago] of [
      ['a', 500],
      ['b', 900],
      ['c', 0],
      ['d', 700],
    ] as const)
      await fleet.start(node, { began: ago === 0 ? 0 : now() - ago, takes: 10 });
    const events = begin({ interval: 4 });
    await waitFor('four runs', () => fleet.runs.length === 4);
    expect(begun()).to.deep.equal(['c', 'b', 'd', 'a']);
    expect(events[0]).to.deep.equal({ type: 'fleet', nodes: 4, secondsApart: 1 });
    expect(fleet.most.get('all')).to.equal(1);
    const gaps = fleet.runs.slice(1).map(({ began }, index) => began - (fleet.runs[index]?.began ?? 0));
    for (const gap of gaps) expect(gap).to.be.greaterThan(100);
  });

  it('goes on after a restart where it was', async () => {
    for (const node of ['a', 'b', 'c']) await fleet.start(node, { takes: 10 });
    const first = new AbortController();
    begin({ interval: 3 }, client, first.signal);
    await waitFor('two runs', () => fleet.runs.length === 2);
    first.abort();
    begin({ interval: 3 });
    await waitFor('two more', () => fleet.runs.length === 4);
    expect(begun()).to.deep.equal(['a', 'b', 'c', 'a']);
  });

  it('does not run nodes twice as often where there are two of it', async () => {
    for (const node of ['a', 'b', 'c', 'd']) await fleet.start(node, { takes: 10 });
    const events = [begin({ interval: 4 }), begin({ interval: 4 }, await fleet.client())];
    await waitFor('nine runs', () => fleet.runs.length >= 9, { timeoutSeconds: 20 });
    for (const node of ['a', 'b', 'c', 'd']) {
      const runs = fleet.runsOf(node).map(({ began }) => began);
      for (const [index, at] of runs.slice(1).entries())
        expect(at - (runs[index] ?? 0), node).to.be.greaterThan(2000);
    }
    const recent = events.flat().filter((event) => event.type === 'run' && event.run.outcome === 'recent');
    expect(recent).not.to.deep.equal([]);
  });

  it('follows who comes, goes, is disabled and fails', async () => {
    await fleet.start('a', { takes: 10, outcome: 'failed-resources' });
    await fleet.start('off', { enabled: false });
    const events = begin({ interval: 2 });
    await waitFor('a run', () => fleet.runs.length === 1);
    await fleet.start('b', { takes: 10 });
    await waitFor('its run', () => begun().includes('b'));
    await fleet.stop('a');
    const before = fleet.runs.length;
    await waitFor('two more', () => fleet.runs.length >= before + 2);
    const types = events.map((event) =>
      'identity' in event ? `${event.type} ${event.identity}` : event.type,
    );
    expect(types).to.include('arrived b').and.include('departed a');
    expect(begun().slice(before)).to.deep.equal(
      begun()
        .slice(before)
        .map(() => 'b'),
    );
    const failed = events.find((event) => event.type === 'run' && event.run.sender === 'a');
    expect(failed).to.have.nested.property('run.ok', false);
    expect(begun()).not.to.include('off');
  });

  it('keeps to a limit of runs at a time, and then starts where a place is free', async () => {
    for (const node of ['a', 'b', 'c']) await fleet.start(node, { takes: 900 });
    begin({ interval: 1, concurrency: 1 });
    await waitFor('three runs', () => fleet.runs.length === 3);
    expect(fleet.most.get('all')).to.equal(1);
  });

  it('waits for the first node', async () => {
    begin({ interval: 2 });
    await fleet.start('first', { takes: 10 });
    await waitFor('its run', () => fleet.runs.length === 1);
  });
});
