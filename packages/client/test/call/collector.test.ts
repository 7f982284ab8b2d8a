import type { Reply } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Collector } from '../../src/call/collector.js';
import { accepted, progress, result } from '../replies.js';

function collector(targets: string[], online: Record<string, boolean> = {}) {
  const made = new Collector({ answerWithin: 10_000, isOnline: (identity) => online[identity] });
  for (const identity of targets) made.expect(identity, 0);
  return made;
}

describe('Collector', () => {
  it('is complete when each target ended', () => {
    const all = collector(['a', 'b']);
    expect(all.receive(result('a', 1), 'k', 5).result).to.include({ sender: 'a', state: 'ok', ok: true });
    expect(all.isComplete).to.equal(false);
    all.receive(result('b', 1), 'k', 6);
    expect(all.isComplete).to.equal(true);
  });

  it('repeats the request to a silent node at growing intervals, and then reports no reply', () => {
    const one = collector(['a'], { a: true });
    const asked: number[] = [];
    let ended: unknown;
    for (let now = 0; now <= 12_000 && !ended; now += 100) {
      const due = one.tick(now);
      if (due.ask.length > 0) asked.push(now);
      ended = due.ended[0];
    }
    expect(asked).to.deep.equal([1000, 3000, 7000]);
    expect(ended).to.include({
      state: 'no-reply',
      statusmsg: 'online, called 4 times in 10 s',
    });
  });

  it('continues to repeat the request with a longer timeout', () => {
    const one = new Collector({ answerWithin: 30_000, isOnline: () => true });
    one.expect('a', 0);
    const asked: number[] = [];
    for (let now = 0; now < 30_000; now += 100) if (one.tick(now).ask.length > 0) asked.push(now);
    expect(asked).to.deep.equal([1000, 3000, 7000, 11_000, 15_000, 19_000, 23_000, 27_000]);
  });

  describe('with many that are silent while others answer', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `n${index}`);
    const asked = (all: Collector, from: number, to: number, step = 100) => {
      let count = 0;
      for (let now = from; now <= to; now += step) {
        // One answers each time.
        const [first] = all.open();
        if (first !== undefined) all.receive(result(first, 1), 'k', now);
        count += all.tick(now).ask.length;
      }
      return count;
    };

    it('asks a hundred of them a second, so that a slow fleet is made no slower', () => {
      const all = collector(names);
      expect(asked(all, 0, 900)).to.equal(0);
      expect(asked(all, 1000, 1900)).to.equal(100);
      expect(asked(all, 2000, 2900)).to.equal(100);
    });

    it('repeats the request to all nodes when none has replied for a second', () => {
      const all = collector(names);
      asked(all, 0, 500);
      expect(all.tick(1400).ask).to.have.length(100);
      expect(all.tick(1500).ask).to.have.length(894);
    });

    it('repeats the request before it gives a node up, and waits a second for the reply', () => {
      const all = collector(names);
      expect(asked(all, 0, 10_500)).to.be.within(900, 1000);
      const silent = all.open().length;
      expect(all.tick(10_600).ended.length).to.be.lessThan(silent);
      const last = all.tick(11_500);
      expect(last.ask).to.not.deep.equal([]);
      expect(all.tick(12_400).ended.filter(({ sender }) => last.ask.includes(sender))).to.deep.equal([]);
      const ended = all.tick(12_500).ended.map(({ sender }) => sender);
      expect(ended).to.include.members([...last.ask]);
      expect(all.isComplete).to.equal(true);
    });
  });

  it('does not wait long for a node that is offline', () => {
    const one = collector(['a'], { a: false });
    expect(one.tick(500).ended).to.deep.equal([]);
    expect(one.tick(1000).ended[0]).to.include({ state: 'offline', statusmsg: 'the node is offline' });
  });

  it('asks one again that went offline after it was asked, and does not say that it never had the request', () => {
    const online: Record<string, boolean> = { a: true };
    let left: number | undefined;
    const one = new Collector({ answerWithin: 10_000, isOnline: (name) => online[name], leftAt: () => left });
    one.expect('a', 5000);
    online.a = false;
    left = 5020;
    const asked: number[] = [];
    for (let now = 5000; now < 8_020; now += 100) {
      const { ask, ended } = one.tick(now);
      expect(ended).to.deep.equal([]);
      if (ask.length > 0) asked.push(now - 5000);
    }
    expect(asked).to.deep.equal([1000, 3000]);
    expect(one.tick(8019).ended).to.deep.equal([]);
    expect(one.tick(8020).ended[0]).to.include({
      state: 'offline',
      statusmsg: 'the node went offline after the request was sent: whether the action started is unknown',
    });
  });

  it('takes one that is back in time for one that is silent', () => {
    const online: Record<string, boolean> = { a: false };
    const one = new Collector({ answerWithin: 10_000, isOnline: (name) => online[name], leftAt: () => 20 });
    one.expect('a', 0);
    expect(one.tick(3000).ended).to.deep.equal([]);
    online.a = true;
    expect(one.tick(6000)).to.deep.include({ ask: ['a'], ended: [] });
    expect(one.receive(result('a', 1), 'k', 6100).result).to.include({ state: 'ok' });
  });

  it('does not wait long for one that went offline before it was asked', () => {
    const one = new Collector({ answerWithin: 10_000, isOnline: () => false, leftAt: () => 4999 });
    one.expect('a', 5000);
    expect(one.tick(6000).ended[0]).to.include({ state: 'offline', statusmsg: 'the node is offline' });
  });

  it('does not wait long for an unknown name', () => {
    const one = new Collector({ answerWithin: 10_000, isOnline: () => undefined, isStranger: () => true });
    one.expect('wbe1', 0);
    expect(one.tick(2900).ended).to.deep.equal([]);
    expect(one.tick(3000).ended[0]).to.include({
      state: 'no-reply',
      statusmsg: 'unknown node, called 2 times in 3 s; mco find lists the nodes',
    });
  });

  it('waits as long as the node said, and asks for what is missing', () => {
    const fleet = Array.from({ length: 30 }, (_, index) => `n${index}`);
    const all = collector(['a', ...fleet], { a: true });
    for (const name of ['a', ...fleet]) all.receive(accepted(name, 1, 60), 'k', 100);
    expect(all.tick(12_000)).to.deep.equal({ ask: [], attach: [], ended: [] });
    expect(all.tick(15_200).attach).to.deep.include({ identity: 'a', after: 1 });
    all.receive(progress('a', 3), 'k', 20_000);
    expect(all.tick(21_100).attach).to.deep.equal([{ identity: 'a', after: 1 }]);
  });

  it('asks those that are left when most have ended sooner, and ever more rarely', () => {
    const one = collector(['a'], { a: true });
    one.receive(accepted('a', 1, 60), 'k', 0);
    const asked: number[] = [];
    for (let now = 0; now < 50_000; now += 100) if (one.tick(now).attach.length > 0) asked.push(now);
    expect(asked).to.deep.equal([2000, 6000, 14_000, 29_000, 44_000]);
  });

  it('asks those at work at once when this client has a broker again, and does not take its own silence for theirs', () => {
    let isConnected = true;
    const one = new Collector({
      answerWithin: 10_000,
      isOnline: () => true,
      isConnected: () => isConnected,
    });
    one.expect('a', 0);
    one.receive(progress('a', 1), 'k', 100);
    expect(one.tick(200)).to.deep.equal({ ask: [], attach: [], ended: [] });
    isConnected = false;
    for (let now = 300; now < 40_000; now += 100) expect(one.tick(now).ended).to.deep.equal([]);
    isConnected = true;
    const asked: number[] = [];
    for (let now = 40_000; now < 60_000; now += 100) if (one.tick(now).attach.length > 0) asked.push(now);
    expect(asked).to.deep.equal([41_000, 43_000, 47_000, 55_000]);
    expect(one.receive(result('a', 2), 'k', 60_000).result).to.include({ state: 'ok' });
  });

  it('gives up if the client was disconnected for a minute and the time limit of the action has passed', () => {
    const one = new Collector({ answerWithin: 10_000, isOnline: () => true, isConnected: () => false });
    one.expect('a', 0);
    one.receive(accepted('a', 1, 30), 'k', 0);
    let ended: unknown;
    for (let now = 0; now < 90_000 && !ended; now += 1000) [ended] = one.tick(now).ended;
    expect(ended).to.include({ state: 'no-reply' });
    expect(ended).to.have.property('seconds').that.is.within(60, 62);
  });

  it('does not take the time limit of an action for passed if the reply that names it was lost', () => {
    const one = new Collector({ answerWithin: 10_000, isOnline: () => undefined });
    one.expect('a', 0);
    one.receive(progress('a', 1), 'k', 0);
    for (let now = 0; now < 59_000; now += 1000) expect(one.tick(now).ended).to.deep.equal([]);
    expect(one.receive(result('a', 3), 'k', 59_000).result).to.include({ state: 'ok' });
  });

  it('gives up on a node that has started the action and then sends nothing for a minute', () => {
    const one = new Collector({ answerWithin: 10_000, isOnline: () => undefined });
    one.expect('a', 0);
    one.receive(progress('a', 1), 'k', 0);
    one.tick(59_000);
    expect(one.tick(60_000).ended[0]).to.include({
      state: 'no-reply',
      statusmsg: 'the node started the action, but has sent nothing for 60 s: its outcome is unknown',
    });
  });

  it('detects a duplicate reply', () => {
    const one = collector(['a']);
    expect(one.receive(progress('a', 2), 'k', 1).isNew).to.equal(true);
    expect(one.receive(progress('a', 2), 'k', 2).isNew).to.equal(false);
    expect(one.receive(progress('a', 1), 'k', 3).isNew).to.equal(true);
    expect(one.receive(progress('a', 2), 'k', 4).isNew).to.equal(false);
  });

  it('gives up on a node that went offline with the action', () => {
    const online: Record<string, boolean> = { a: true };
    const one = collector(['a'], online);
    one.receive(accepted('a', 1, 3600), 'k', 0);
    online.a = false;
    one.tick(1000);
    expect(one.tick(20_000).ended).to.deep.equal([]);
    expect(one.tick(31_000).ended[0]).to.include({ state: 'offline' });
  });

  it('reports a node that went offline before it accepted the request', () => {
    const online: Record<string, boolean> = { a: true };
    const one = collector(['a'], online);
    one.receive(progress('a', 1), 'k', 0);
    online.a = false;
    one.tick(1000);
    expect(one.tick(25_000).ended).to.deep.equal([]);
    expect(one.tick(31_000).ended[0]).to.include({ state: 'offline' });
  });

  const busy = (sender: string): Reply =>
    ({ ...result(sender, 1, 'busy', 1), statusmsg: 'the daemon restarts' }) as Reply;

  it('asks one that is busy again, and takes its result as if nothing had been', () => {
    const one = collector(['a'], { a: true });
    expect(one.receive(busy('a'), 'k', 100)).to.deep.equal({ isNew: false });
    expect(one.tick(1000).ask).to.deep.equal([]);
    expect(one.tick(1100).ask).to.deep.equal(['a']);
    expect(one.receive(result('a', 1), 'k', 1200).result).to.include({ state: 'ok' });
  });

  it('asks one that is busy for as long as it may begin, even where it is away for a while', () => {
    const online: Record<string, boolean> = { a: true };
    const one = new Collector({ answerWithin: 10_000, isOnline: (identity) => online[identity] });
    one.expect('a', 0, 60_000);
    one.receive(busy('a'), 'k', 100);
    online.a = false;
    expect(one.tick(20_000)).to.deep.include({ ask: ['a'], ended: [] });
    online.a = true;
    expect(one.tick(59_000).ended).to.deep.equal([]);
    expect(one.tick(60_000).ended[0]).to.include({
      state: 'failed',
      statusmsg: 'the daemon restarts (request sent 3 times in 60 s)',
    });
  });

  it('says of one that was busy and did not come back that it is offline', () => {
    const one = collector(['a'], { a: false });
    one.receive(busy('a'), 'k', 0);
    expect(one.tick(1000).ended).to.deep.equal([]);
    expect(one.tick(31_000).ended[0]).to.include({
      state: 'offline',
      statusmsg: 'the node went offline before it accepted the request; its last reply: the daemon restarts',
    });
  });

  it('says of one that was busy, and that nobody waits for any more, that it ran nothing, and why', () => {
    const all = collector(['a', 'b']);
    all.receive(busy('a'), 'k', 0);
    expect(all.leave(2000).map(({ sender, state, statusmsg }) => [sender, state, statusmsg])).to.deep.equal([
      ['a', 'failed', 'the daemon restarts (this client stopped waiting)'],
      ['b', 'no-reply', 'this client stopped waiting'],
    ]);
    expect(all.open(), 'where it may still run').to.deep.equal(['b']);
  });

  it('ignores those who were not asked', () => {
    expect(collector(['a']).receive(result('b', 1), 'k', 1)).to.deep.equal({ isNew: false });
  });

  it('does not remember ever more numbers of a node that leaves one out', () => {
    const one = collector(['a']);
    for (let seq = 2; seq <= 20_002; seq += 1) one.receive(progress('a', seq), 'k', 0);
    expect(one.tick(20_000).attach).to.deep.equal([{ identity: 'a', after: 20_002 }]);
  });
});
