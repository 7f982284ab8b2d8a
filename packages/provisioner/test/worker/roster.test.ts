import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { KeyPin } from '../../src/rpc/key-pin.js';
import { type Job, Roster } from '../../src/worker/roster.js';
import { isPending } from '../fixtures/stub-network.js';

const job = (identity = 'web1', more: Partial<Job> = {}): Job => {
  const about = { collective: 'provisioning', pin: new KeyPin(false), tries: 0, state: 'planning' } as const;
  return { identity, ...about, ...more };
};

describe('the roster', () => {
  let roster: Roster;
  let again: number;
  const wait = (of: Job, more: { release?: () => Promise<void> } = {}) =>
    roster.wait(of, {
      reason: 'a run failed',
      seconds: 5,
      again: () => {
        again += 1;
      },
      ...more,
    });
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    roster = new Roster();
    again = 0;
  });
  afterEach(() => mock.timers.reset());

  it('has each node once, as it was taken last, until it is dropped', () => {
    expect(roster.has('web1')).to.equal(false);
    roster.take(job());
    roster.take(job('web1', { state: 'working', master: 'puppet1' }));
    roster.take(job('web2'));
    expect(roster.has('web1')).to.equal(true);
    expect(roster.list()).to.deep.equal([
      { identity: 'web1', state: 'working', master: 'puppet1' },
      { identity: 'web2', state: 'planning' },
    ]);
    roster.drop(job());
    expect(roster.has('web1')).to.equal(false);
  });

  describe('with a node that waits', () => {
    it('says what for, and tries again when its time has come', () => {
      const waiting = job();
      roster.take(waiting);
      wait(waiting);
      expect(roster.list()).to.deep.equal([{ identity: 'web1', state: 'waiting', reason: 'a run failed' }]);
      mock.timers.tick(4_999);
      expect(again).to.equal(0);
      mock.timers.tick(1);
      expect(again).to.equal(1);
    });

    it('does not try again if it was taken before', () => {
      const waiting = job();
      roster.take(waiting);
      wait(waiting);
      roster.take(job());
      mock.timers.tick(60_000);
      expect(again).to.equal(0);
      expect(roster.list()).to.deep.equal([{ identity: 'web1', state: 'planning' }]);
      expect(roster.resumable('web1')).to.equal(undefined);
    });

    it('lets it be taken before its time, unless its lease is held', () => {
      const waiting = job();
      roster.take(waiting);
      wait(waiting);
      expect(roster.resumable('web1')).to.equal(waiting);
      roster.take(waiting);
      wait(waiting, { release: async () => {} });
      expect(roster.resumable('web1')).to.equal(undefined);
    });
  });

  it('keeps in mind how far a node was that went away, until it is taken', () => {
    const away = job();
    roster.take(away);
    expect(roster.resumable('web1')).to.equal(undefined);
    roster.expect(away);
    expect(roster.has('web1')).to.equal(false);
    expect(roster.resumable('web1')).to.equal(away);
    roster.take(away);
    expect(roster.resumable('web1')).to.equal(undefined);
  });

  it('drops at its end all that wait, gives their leases back, and tries nothing again', async () => {
    const released: string[] = [];
    let give = () => {};
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const release = (name: string) => () => given.then(() => void released.push(name));
    for (const name of ['web1', 'web2', 'web3', 'web4']) roster.take(job(name));
    wait(job('web1'));
    wait(job('web2'), { release: release('web2') });
    wait(job('web3'), { release: release('web3') });
    const closing = roster.close();
    expect(await isPending(closing)).to.equal(true);
    give();
    await closing;
    expect(released).to.deep.equal(['web2', 'web3']);
    expect(roster.list().map(({ identity }) => identity)).to.deep.equal(['web4']);
    mock.timers.tick(60_000);
    expect(again).to.equal(0);
  });

  it('is empty when the last node is dropped', async () => {
    await roster.empty();
    roster.take(job('web1'));
    roster.take(job('web2'));
    const empty = Promise.all([roster.empty(), roster.empty()]);
    roster.drop(job('web1'));
    expect(await isPending(Promise.race([empty, roster.empty()]))).to.equal(true);
    roster.drop(job('web2'));
    await empty;
  });

  it('says the same of a node once, until it is forgotten', () => {
    expect(roster.isUnknown('web1')).to.equal(true);
    expect(roster.isNews('web1', 'a')).to.equal(true);
    expect(roster.isNews('web1', 'a')).to.equal(false);
    expect(roster.isNews('web2', 'a')).to.equal(true);
    expect(roster.isNews('web1', 'b')).to.equal(true);
    expect(roster.isUnknown('web1')).to.equal(false);
    roster.forget('web1');
    expect(roster.isUnknown('web1')).to.equal(true);
    expect(roster.isNews('web1', 'b')).to.equal(true);
  });

  it('is full with 20,000 nodes, and remembers as many others', () => {
    for (let count = 0; count < 20_000; count += 1) {
      expect(roster.isFull).to.equal(false);
      roster.take(job(`n${count}`));
    }
    expect(roster.isFull).to.equal(true);
    for (let count = 0; count < 20_001; count += 1) roster.isNews(`n${count}`, 'left');
    expect([roster.isUnknown('n0'), roster.isUnknown('n1')]).to.deep.equal([true, false]);
  });
});
