import { mock } from 'node:test';
import { emptyFilter, type Request, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { CallOptions } from '../../src/call/call-options.js';
import { Asking, unheard } from '../../src/call/request-rounds.js';
import { attach, request } from '../../src/connection/node-messages.js';
import type { ProgressPiece, Result } from '../../src/index.js';
import { Change } from '../../src/waiting/wake-up.js';
import { accepted, progress, result } from '../replies.js';
import { ScriptedNetwork } from '../scripted-network.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const order = () => request({ ...about, agent: 'work', action: 'b', filter: emptyFilter, input: {} });

describe('asking', () => {
  let network: ScriptedNetwork;
  let results: Result[];
  let pieces: ProgressPiece[];
  let change: Change;

  beforeEach(() => {
    network = new ScriptedNetwork();
    results = [];
    pieces = [];
    change = new Change();
  });
  afterEach(() => network.end());

  function ask(options: CallOptions = {}, message: Request | ReturnType<typeof attach> = order()): Asking {
    return new Asking(
      {
        router: network.router,
        presence: Promise.resolve(network.presence),
        options: { onProgress: (piece) => pieces.push(piece), ...options },
        change,
        onResult: (one) => results.push(one),
      },
      message,
    );
  }
  const now = () => Date.now();
  const times = () => network.sent.map(({ at }) => at);
  const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

  it('counts on nodes from when it is told to', () => {
    const asking = ask();
    asking.expect(['a', 'b'], now());
    asking.receive(accepted('a', 1, 60), 'k');
    expect([...asking.targets]).to.deep.equal(['a', 'b']);
    expect({ open: asking.open(), running: asking.running() }).to.deep.equal({
      open: ['a', 'b'],
      running: ['a'],
    });
    asking.receive(result('a', 2), 'k');
    expect({ open: asking.open(), running: asking.running() }).to.deep.equal({ open: ['b'], running: [] });
    expect([...asking.targets]).to.deep.equal(['a', 'b']);
  });

  it('sends a request by name, as of the time at which it counts, fifty names in a message', async () => {
    const asking = ask();
    asking.expect(names(51), 1_234_567);
    await asking.send(names(51));
    expect(network.sent.map(({ to }) => to)).to.deep.equal([names(51).slice(0, 50), ['n50']]);
    expect(network.sent.map(({ message }) => message)).to.deep.equal(
      network.sent.map(({ to }) => ({ ...order(), time: 1_234_567, targets: to, answerUnmatched: true })),
    );
  });

  it('sends a request to all by the topic of its agent, once, with no names', async () => {
    const asking = ask();
    asking.expect(['a'], 1_234_567);
    await asking.broadcast();
    expect(network.sent).to.deep.equal([{ to: 'work', message: { ...order(), time: 1_234_567 }, at: 0 }]);
  });

  it('asks by name, for all that is kept, about a request that somebody made before', async () => {
    const asking = ask({}, attach(about, 7));
    asking.expect(['a'], now());
    await asking.send(['a']);
    await asking.broadcast();
    expect(network.sent).to.deep.equal([{ to: ['a'], message: attach(about, 0), at: 0 }]);
  });

  it('hands on each piece of output once, and results', () => {
    const asking = ask();
    asking.expect(['a'], now());
    asking.receive(accepted('a', 1, 60), 'k');
    for (const seq of [2, 2, 3]) asking.receive(progress('a', seq), 'k');
    asking.receive(progress('stranger', 1), 'k');
    expect(pieces).to.deep.equal([2, 3].map((data) => ({ sender: 'a', data })));
    mock.timers.tick(500);
    asking.receive(result('a', 4), 'the key');
    asking.receive(result('a', 4), 'the key');
    expect(results).to.have.length(1);
    expect(results[0]).to.include({ sender: 'a', ok: true, key: 'the key', seconds: 0.5 });
  });

  it('ends when all have ended', async () => {
    const asking = ask();
    asking.expect(['a'], now());
    let isOver = false;
    const settled = asking.settle().then(() => {
      isOver = true;
    });
    await network.pass(500);
    expect(isOver).to.equal(false);
    asking.receive(result('a', 1), 'k');
    change.tell();
    await settled;
    expect(network.sent).to.deep.equal([]);
  });

  it('does not end while more nodes may be added', async () => {
    const asking = ask();
    let isMore = true;
    let isOver = false;
    const settled = asking
      .settle(() => isMore)
      .then(() => {
        isOver = true;
      });
    await network.pass(500);
    expect(isOver).to.equal(false);
    isMore = false;
    change.tell();
    await settled;
  });

  it('ends at the signal, and asks nobody any more', async () => {
    const abort = new AbortController();
    const asking = ask({ signal: abort.signal });
    asking.expect(['a'], now());
    const settled = asking.settle();
    await network.pass(900);
    abort.abort();
    change.tell();
    await settled;
    expect(network.sent).to.deep.equal([]);
    expect(asking.open()).to.deep.equal(['a']);
  });

  it('asks the silent again, and gives them up after ten seconds', async () => {
    network.records.set('a', true);
    const asking = ask();
    asking.expect(['a'], now());
    const settled = asking.settle();
    await network.pass(10_500);
    await settled;
    expect(times()).to.deep.equal([1_000, 3_000, 7_000]);
    expect(results[0]).to.include({ sender: 'a', state: 'no-reply', ok: false, seconds: 10 });
  });

  it('gives the silent up after the time that it was told', async () => {
    const asking = ask({ answerWithin: 2 });
    asking.expect(['a'], now());
    const settled = asking.settle();
    await network.pass(2_500);
    await settled;
    expect(results[0]).to.include({ state: 'no-reply', seconds: 2 });
  });

  it('takes from presence who is offline, and whose name nobody knows', async () => {
    network.records.set('gone', false);
    const asking = ask();
    asking.expect(['gone', 'stranger'], now());
    const settled = asking.settle();
    await network.pass(3_500);
    await settled;
    expect(results.map(({ sender, state, seconds }) => [sender, state, seconds])).to.deep.equal([
      ['gone', 'offline', 1],
      ['stranger', 'no-reply', 3],
    ]);
  });

  for (const [ttl, asked] of [
    [1, []],
    [2, [1_000]],
  ] as const)
    it(`asks nobody again when the request is too old to begin, after ${ttl} s`, async () => {
      const asking = ask({ answerWithin: 5 }, { ...order(), ttl });
      asking.expect(['a'], now());
      const settled = asking.settle();
      await network.pass(5_500);
      await settled;
      expect(times()).to.deep.equal(asked);
    });

  it('asks those at work for what came after their last reply', async () => {
    const asking = ask();
    asking.expect(['a'], now());
    asking.receive(accepted('a', 1, 60), 'k');
    asking.receive(progress('a', 2), 'k');
    const settled = asking.settle();
    await network.pass(2_500);
    expect(network.sent).to.deep.equal([
      { to: ['a'], message: { ...attach(about, 2), time: 1_002_000 }, at: 2_000 },
    ]);
    asking.receive(result('a', 3), 'k');
    change.tell();
    await settled;
  });

  it('looks at every target each 100 ms, however often something changes', async () => {
    const asking = ask();
    asking.expect(['a'], now());
    const settled = asking.settle();
    await network.turns();
    for (let count = 0; count < 9; count += 1) {
      mock.timers.tick(10);
      change.tell();
      await network.turns();
    }
    expect(network.looks).to.equal(0);
    await network.pass(200);
    expect(network.looks).to.equal(2);
    asking.receive(result('a', 1), 'k');
    change.tell();
    await settled;
  });

  for (const [what, begin, asked] of [
    ['the silent', () => {}, [1_000, 3_000]],
    ['those at work', (asking: Asking) => asking.receive(accepted('a', 1, 60), 'k'), [2_000, 6_000]],
  ] as const)
    it(`goes on without a broker, and asks ${what} again when there is one`, async () => {
      const asking = ask();
      asking.expect(['a'], now());
      begin(asking);
      network.sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
      const settled = asking.settle();
      await network.pass(asked[0] + 500);
      network.sending = () => {};
      await network.pass(asked[1] - asked[0]);
      expect(times()).to.deep.equal(asked);
      asking.receive(result('a', 9), 'k');
      change.tell();
      await settled;
    });

  it('throws if a request to all cannot be sent', async () => {
    network.sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    expect(await ask().broadcast().catch(String)).to.include('no broker');
  });

  it('throws what else keeps it from sending', async () => {
    const asking = ask();
    asking.expect(['a'], now());
    network.sending = () => Promise.reject(new Error('no key'));
    const settled = asking.settle().catch(String);
    await network.pass(1_500);
    expect(await settled).to.equal('Error: no key');
  });

  it('tells of those that are left when nobody waits for them any more', async () => {
    const asking = ask();
    asking.expect(['a', 'b'], now());
    asking.receive(result('a', 1), 'k');
    mock.timers.tick(1_500);
    asking.leave(1_000_500);
    expect(results.slice(1)).to.deep.equal([
      {
        sender: 'b',
        state: 'no-reply',
        ok: false,
        statusmsg: 'this client stopped waiting',
        data: {},
        seconds: 1,
      },
    ]);
  });

  it('counts nobody as ok who was never asked', () =>
    expect(unheard('a', 'not-asked', 'why', 0)).to.deep.equal({
      sender: 'a',
      state: 'not-asked',
      ok: false,
      statusmsg: 'why',
      data: {},
      seconds: 0,
    }));
});
