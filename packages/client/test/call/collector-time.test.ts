import { Status } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Collector, type CollectorOptions } from '../../src/call/collector.js';
import { accepted, progress, result } from '../replies.js';

/** A collector with targets that are online, all asked at 0. */
function collector(
  targets: readonly string[],
  options: Partial<CollectorOptions> = {},
  until = Number.POSITIVE_INFINITY,
) {
  const made = new Collector({ answerWithin: 10_000, isOnline: () => true, ...options });
  for (const identity of targets) made.expect(identity, 0, until);
  return made;
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

/** Looks every 100 ms: when the first target ended, and how. */
function ending(made: Collector, from: number, to: number) {
  for (let now = from; now <= to; now += 100) {
    const [end] = made.tick(now).ended;
    if (end) return { at: now, ...end };
  }
  return undefined;
}

/** Looks every 100 ms: when the nodes were asked for what they keep. */
function attachments(made: Collector, from: number, to: number): number[] {
  const times: number[] = [];
  for (let now = from; now <= to; now += 100) if (made.tick(now).attach.length > 0) times.push(now);
  return times;
}

describe('the results of a collector', () => {
  it('carry what the node said, and the time since it was asked first', () => {
    const one = new Collector({ answerWithin: 10_000, isOnline: () => true });
    one.expect('a', 1_000);
    const reply = { ...result('a', 1, 'failed', 3), data: { x: 1 }, ddl: { version: '1.2.3' } };
    expect(one.receive(reply, 'key', 3_500)).to.deep.equal({
      isNew: true,
      result: {
        sender: 'a',
        state: 'failed',
        ok: false,
        statuscode: 3,
        statusmsg: 'it is failed',
        data: { x: 1 },
        seconds: 2.5,
        // The reply has the time 0.
        clockOffset: -3_500,
        key: 'key',
        ddl: '1.2.3',
      },
    });
  });

  it('name no version of a DDL that the node does not name', () => {
    expect(collector(['a']).receive(result('a', 1), 'k', 1).result).to.not.have.property('ddl');
  });

  it('count a node that does not match the filter as failed, with its own status code', () => {
    expect(collector(['a']).receive(result('a', 1, 'unmatched', 0), 'k', 1).result).to.include({
      state: 'failed',
      ok: false,
      statuscode: Status.aborted,
      isUnmatched: true,
    });
  });

  it('are not marked as unmatched if the node refused for another reason', () => {
    const { result: ended } = collector(['a']).receive(result('a', 1, 'failed', Status.aborted), 'k', 1);
    expect(ended).to.not.have.property('isUnmatched');
  });

  it('are not ok and have no status code if the node did not reply', () => {
    const [end] = collector(['a'], { isOnline: () => false }).tick(1_500).ended;
    expect(end).to.deep.equal({
      sender: 'a',
      state: 'offline',
      ok: false,
      statusmsg: 'the node is offline',
      data: {},
      seconds: 1.5,
    });
  });

  it('have a status code where the node stayed busy until the request was too old', () => {
    const one = collector(['a'], {}, 5_000);
    one.receive(result('a', 1, 'busy', 1), 'k', 0);
    expect(one.tick(4_999).ended).to.deep.equal([]);
    expect(one.tick(5_000).ended[0]).to.include({ state: 'failed', ok: false, statuscode: Status.aborted });
  });
});

describe('the targets of a collector', () => {
  it('are running from the first word on, and open until they end', () => {
    const all = collector(['a', 'b', 'c']);
    all.receive(accepted('a', 1, 60), 'k', 1);
    all.receive(progress('b', 1), 'k', 1);
    expect(all.running()).to.deep.equal(['a', 'b']);
    expect(all.open()).to.deep.equal(['a', 'b', 'c']);
    all.receive(result('a', 2), 'k', 2);
    expect({ running: all.running(), open: all.open() }).to.deep.equal({ running: ['b'], open: ['b', 'c'] });
  });

  it('are not asked again once they have ended', () => {
    const one = collector(['a'], { isOnline: () => false });
    expect(one.tick(1_000).ended).to.have.length(1);
    expect({ ...one.tick(2_000), open: one.open() }).to.deep.equal({
      ask: [],
      attach: [],
      ended: [],
      open: [],
    });
  });

  it('number their replies from 1 again after they were busy', () => {
    const one = collector(['a']);
    one.receive(progress('a', 1), 'k', 0);
    one.receive(progress('a', 3), 'k', 0);
    one.receive(result('a', 1, 'busy', 1), 'k', 1);
    expect([1, 2, 3].map((seq) => one.receive(progress('a', seq), 'k', 2).isNew)).to.deep.equal([
      true,
      true,
      true,
    ]);
  });
});

describe('the patience of a collector', () => {
  for (const [what, options, at, state, statusmsg] of [
    ['a silent node', { isOnline: () => undefined }, 10_000, 'no-reply', 'called 4 times in 10 s'],
    [
      'a silent node where less time is given than until the second question',
      { isOnline: () => undefined, answerWithin: 500 },
      500,
      'no-reply',
      'called once in 1 s',
    ],
    [
      'an offline node where less time is given than the grace',
      { isOnline: () => false, answerWithin: 500 },
      500,
      'offline',
      'the node is offline',
    ],
    [
      'an unknown name where less time is given than the grace',
      { isOnline: () => undefined, isStranger: () => true, answerWithin: 500 },
      500,
      'no-reply',
      'unknown node, called once in 1 s; mco find lists the nodes',
    ],
    [
      'a known name among others',
      { isOnline: () => undefined, isStranger: () => false, answerWithin: 5_000 },
      5_000,
      'no-reply',
      'called 3 times in 5 s',
    ],
  ] as const)
    it(`for ${what} ends after ${at} ms`, () =>
      expect(ending(collector(['a'], options), 0, 60_000)).to.deep.include({ at, state, statusmsg }));

  it('counts from when a node was asked', () => {
    const all = new Collector({ answerWithin: 10_000, isOnline: () => true });
    for (const identity of ['silent', 'busy']) all.expect(identity, 50_000, 65_000);
    all.receive(result('busy', 1, 'busy', 1), 'k', 50_000);
    const ended = [];
    for (let now = 50_000; now <= 70_000; now += 100) ended.push(...all.tick(now).ended);
    expect(ended.map(({ sender, statusmsg, seconds }) => [sender, statusmsg, seconds])).to.deep.equal([
      ['silent', 'online, called 4 times in 10 s', 10],
      ['busy', 'it is busy (request sent 5 times in 15 s)', 15],
    ]);
  });

  it('is not cut short by output either', () => {
    const one = collector(['a']);
    one.receive(accepted('a', 1, 60), 'k', 0);
    one.receive(progress('a', 2), 'k', 1_000);
    expect(ending(one, 1_000, 100_000)).to.include({ at: 65_000 });
  });

  it('for a node at work ends five seconds after the time of the action', () => {
    const one = collector(['a']);
    one.receive(accepted('a', 1, 60), 'k', 0);
    expect(ending(one, 0, 100_000)).to.deep.include({
      at: 65_000,
      state: 'no-reply',
      statusmsg: 'the node started the action, but no result arrived within its time limit',
    });
  });

  it('for a node whose action is short is twenty seconds of silence', () => {
    const one = collector(['a']);
    one.receive(accepted('a', 1, 1), 'k', 0);
    one.receive(progress('a', 2), 'k', 10_000);
    expect(ending(one, 10_000, 100_000)).to.include({ at: 30_000, state: 'no-reply' });
  });

  it('for a node that has only shown output is a minute of silence', () => {
    const one = collector(['a']);
    one.receive(progress('a', 1), 'k', 0);
    one.receive(progress('a', 2), 'k', 10_000);
    expect(ending(one, 10_000, 100_000)).to.include({ at: 70_000, state: 'no-reply' });
  });

  it('is not cut short by a later reply that names less time', () => {
    const one = collector(['a']);
    one.receive(accepted('a', 1, 60), 'k', 0);
    one.receive(accepted('a', 2, 1), 'k', 1_000);
    expect(ending(one, 1_000, 100_000)).to.include({ at: 65_000 });
  });

  it('for a node that went offline begins again when it was back meanwhile', () => {
    let isOnline = false;
    const one = collector(['a'], { isOnline: () => isOnline });
    one.receive(accepted('a', 1, 3600), 'k', 0);
    expect(ending(one, 1_000, 20_000)).to.equal(undefined);
    isOnline = true;
    expect(ending(one, 20_100, 21_000)).to.equal(undefined);
    isOnline = false;
    expect(ending(one, 22_000, 100_000)).to.include({ at: 52_000, state: 'offline' });
  });

  it('for an offline node restarts when it replies', () => {
    const one = collector(['a'], { isOnline: () => false });
    one.receive(accepted('a', 1, 3600), 'k', 0);
    expect(ending(one, 0, 20_000)).to.equal(undefined);
    one.receive(progress('a', 2), 'k', 20_000);
    expect(ending(one, 20_100, 100_000)).to.include({
      at: 50_100,
      state: 'offline',
      statusmsg: 'the node went offline while the action was running: its outcome is unknown',
    });
  });

  it('is a minute while this client has no broker', () => {
    const one = collector(['a'], { isConnected: () => false });
    one.receive(accepted('a', 1, 1), 'k', 0);
    expect(ending(one, 0, 100_000)).to.include({ at: 60_000, state: 'no-reply' });
  });

  it('counts an absence of this client from its own beginning', () => {
    let isConnected = false;
    const one = collector(['a'], { isConnected: () => isConnected });
    one.receive(accepted('a', 1, 1), 'k', 0);
    expect(ending(one, 0, 50_000)).to.equal(undefined);
    isConnected = true;
    expect(ending(one, 50_100, 50_200)).to.equal(undefined);
    isConnected = false;
    expect(ending(one, 50_300, 200_000)).to.include({ at: 110_300 });
  });

  it('does not reach beyond the life of the request where a fleet holds it back', () => {
    const all = collector(names(300), {}, 2_000);
    all.receive(result('n0', 1), 'k', 900);
    // One answers all the time, so only a hundred of the others are asked again.
    expect(all.tick(1_000).ask).to.have.length(100);
    for (let now = 1_100; now < 10_000; now += 100) {
      const [first = ''] = all.open();
      all.receive(result(first, 1), 'k', now);
      const { ask, ended } = all.tick(now);
      expect(ended).to.deep.equal([]);
      if (now >= 2_000) expect(ask).to.deep.equal([]);
    }
    all.tick(10_000);
    expect(all.isComplete).to.equal(true);
  });
});

it('a collector asks a hundred silent nodes again in each second while others answer', () => {
  const all = collector(names(400));
  for (const [index, now] of [1_000, 1_900, 2_000].entries()) {
    all.receive(result(`n${index}`, 1), 'k', now);
    expect(all.tick(now).ask).to.have.length(now === 1_900 ? 0 : 100);
  }
});

it('a collector owes no time to those that it held back once the request is too old', () => {
  const all = collector(names(1_200), {}, 10_000);
  for (let now = 1_000; now <= 10_000; now += 100) {
    const [first = ''] = all.open();
    all.receive(result(first, 1), 'k', now);
    all.tick(now);
  }
  expect(all.isComplete).to.equal(true);
});

describe('asking for what nodes keep', () => {
  for (const [expected, left, first] of [
    [11, 10, 2_000],
    [12, 11, 15_000],
    [100, 20, 2_000],
    [100, 21, 15_000],
    [104, 21, 15_000],
  ] as const)
    it(`begins after ${first} ms of silence where ${left} of ${expected} are left`, () => {
      const all = collector(names(expected));
      for (const name of names(expected)) all.receive(accepted(name, 1, 3600), 'k', 0);
      for (const name of names(expected).slice(left)) all.receive(result(name, 2), 'k', 0);
      expect(attachments(all, 100, first)).to.deep.equal([first]);
    });

  it('is soon again after output, and not after the node took the request once more', () => {
    const one = collector(['a']);
    one.receive(accepted('a', 1, 3600), 'k', 0);
    expect(attachments(one, 100, 6_000)).to.deep.equal([2_000, 6_000]);
    one.receive(progress('a', 2), 'k', 6_000);
    expect(attachments(one, 6_100, 8_000)).to.deep.equal([8_000]);
    one.receive(accepted('a', 3, 3600), 'k', 8_000);
    expect(attachments(one, 8_100, 14_000)).to.deep.equal([12_000]);
  });

  it('slows down again when a node replies after the connection is restored', () => {
    let isConnected = false;
    const all = collector(names(20), { isConnected: () => isConnected });
    for (const name of names(20)) all.receive(accepted(name, 1, 3600), 'k', 0);
    all.tick(100);
    isConnected = true;
    expect(attachments(all, 200, 1_200)).to.deep.equal([1_200]);
    for (const name of names(20)) all.receive(progress(name, 2), 'k', 1_300);
    expect(attachments(all, 1_400, 16_300)).to.deep.equal([16_300]);
  });

  it('repeats every second while a reply is missing', () => {
    const one = collector(names(20));
    one.receive(progress('n0', 2), 'k', 0);
    expect(one.tick(900).attach).to.deep.equal([]);
    expect(one.tick(1_000).attach).to.deep.equal([{ identity: 'n0', after: 0 }]);
    expect(one.tick(1_900).attach).to.deep.equal([]);
    expect(one.tick(2_000).attach).to.deep.equal([{ identity: 'n0', after: 0 }]);
    one.receive(progress('n0', 1), 'k', 2_100);
    expect(one.tick(3_200).attach).to.deep.equal([]);
  });
});
