import { mock } from 'node:test';
import { emptyFilter, type Request, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { CallOptions } from '../../src/call/call-options.js';
import { RequestRounds } from '../../src/call/request-rounds.js';
import { attach, request } from '../../src/connection/node-messages.js';
import type { ProgressPiece, Result } from '../../src/index.js';
import { WakeUp } from '../../src/waiting/wake-up.js';
import { accepted, progress, result } from '../replies.js';
import { ScriptedNetwork } from '../scripted-network.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const order = () => request({ ...about, agent: 'work', action: 'b', filter: emptyFilter, input: {} });

describe('the rounds of a request', () => {
  let network: ScriptedNetwork;
  let results: Result[];
  let pieces: ProgressPiece[];
  let wakeUp: WakeUp;

  beforeEach(() => {
    network = new ScriptedNetwork();
    results = [];
    pieces = [];
    wakeUp = new WakeUp();
  });
  afterEach(() => network.end());

  function ask(
    options: CallOptions = {},
    message: Request | ReturnType<typeof attach> = order(),
  ): RequestRounds {
    return new RequestRounds(
      {
        router: network.router,
        presence: Promise.resolve(network.presence),
        options: { onProgress: (piece) => pieces.push(piece), ...options },
        wakeUp,
        onResult: (one) => results.push(one),
      },
      message,
    );
  }
  const now = () => Date.now();
  const times = () => network.sent.map(({ at }) => at);
  const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

  it('starts the time of nodes when it expects them', () => {
    const rounds = ask();
    rounds.expect(['a', 'b'], now());
    rounds.receive(accepted('a', 1, 60), 'k');
    expect([...rounds.targets]).to.deep.equal(['a', 'b']);
    expect({ open: rounds.open(), running: rounds.running() }).to.deep.equal({
      open: ['a', 'b'],
      running: ['a'],
    });
    rounds.receive(result('a', 2), 'k');
    expect({ open: rounds.open(), running: rounds.running() }).to.deep.equal({ open: ['b'], running: [] });
    expect([...rounds.targets]).to.deep.equal(['a', 'b']);
  });

  it('sends a request by name, as of the time at which it counts, fifty names in a message', async () => {
    const rounds = ask();
    rounds.expect(names(51), 1_234_567);
    await rounds.send(names(51));
    expect(network.sent.map(({ to }) => to)).to.deep.equal([names(51).slice(0, 50), ['n50']]);
    expect(network.sent.map(({ message }) => message)).to.deep.equal(
      network.sent.map(({ to }) => ({ ...order(), time: 1_234_567, targets: to, answerUnmatched: true })),
    );
  });

  it('sends a request to all by the topic of its agent, once, with no names', async () => {
    const rounds = ask();
    rounds.expect(['a'], 1_234_567);
    await rounds.broadcast();
    expect(network.sent).to.deep.equal([{ to: 'work', message: { ...order(), time: 1_234_567 }, at: 0 }]);
  });

  it('attaches by name to an earlier request, for all replies that are kept', async () => {
    const rounds = ask({}, attach(about, 7));
    rounds.expect(['a'], now());
    await rounds.send(['a']);
    await rounds.broadcast();
    expect(network.sent).to.deep.equal([{ to: ['a'], message: attach(about, 0), at: 0 }]);
  });

  it('hands on each piece of output once, and results', () => {
    const rounds = ask();
    rounds.expect(['a'], now());
    rounds.receive(accepted('a', 1, 60), 'k');
    for (const seq of [2, 2, 3]) rounds.receive(progress('a', seq), 'k');
    rounds.receive(progress('stranger', 1), 'k');
    expect(pieces).to.deep.equal([2, 3].map((data) => ({ sender: 'a', data })));
    mock.timers.tick(500);
    rounds.receive(result('a', 4), 'the key');
    rounds.receive(result('a', 4), 'the key');
    expect(results).to.have.length(1);
    expect(results[0]).to.include({ sender: 'a', ok: true, key: 'the key', seconds: 0.5 });
  });

  it('ends when all have ended', async () => {
    const rounds = ask();
    rounds.expect(['a'], now());
    let isOver = false;
    const settled = rounds.settle().then(() => {
      isOver = true;
    });
    await network.pass(500);
    expect(isOver).to.equal(false);
    rounds.receive(result('a', 1), 'k');
    wakeUp.notify();
    await settled;
    expect(network.sent).to.deep.equal([]);
  });

  it('does not end while more nodes may be added', async () => {
    const rounds = ask();
    let isMore = true;
    let isOver = false;
    const settled = rounds
      .settle(() => isMore)
      .then(() => {
        isOver = true;
      });
    await network.pass(500);
    expect(isOver).to.equal(false);
    isMore = false;
    wakeUp.notify();
    await settled;
  });

  it('ends at the signal, and sends nothing more', async () => {
    const abort = new AbortController();
    const rounds = ask({ signal: abort.signal });
    rounds.expect(['a'], now());
    const settled = rounds.settle();
    await network.pass(900);
    abort.abort();
    wakeUp.notify();
    await settled;
    expect(network.sent).to.deep.equal([]);
    expect(rounds.open()).to.deep.equal(['a']);
  });

  it('repeats the request to silent nodes, and gives up after ten seconds', async () => {
    network.records.set('a', true);
    const rounds = ask();
    rounds.expect(['a'], now());
    const settled = rounds.settle();
    await network.pass(10_500);
    await settled;
    expect(times()).to.deep.equal([1_000, 3_000, 7_000]);
    expect(results[0]).to.include({ sender: 'a', state: 'no-reply', ok: false, seconds: 10 });
  });

  it('gives silent nodes up after the given time', async () => {
    const rounds = ask({ answerWithin: 2 });
    rounds.expect(['a'], now());
    const settled = rounds.settle();
    await network.pass(2_500);
    await settled;
    expect(results[0]).to.include({ state: 'no-reply', seconds: 2 });
  });

  it('learns from presence which nodes are offline or unknown', async () => {
    network.records.set('gone', false);
    const rounds = ask();
    rounds.expect(['gone', 'stranger'], now());
    const settled = rounds.settle();
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
    it(`does not repeat a request that is too old to start, after ${ttl} s`, async () => {
      const rounds = ask({ answerWithin: 5 }, { ...order(), ttl });
      rounds.expect(['a'], now());
      const settled = rounds.settle();
      await network.pass(5_500);
      await settled;
      expect(times()).to.deep.equal(asked);
    });

  it('asks those at work for what came after their last reply', async () => {
    const rounds = ask();
    rounds.expect(['a'], now());
    rounds.receive(accepted('a', 1, 60), 'k');
    rounds.receive(progress('a', 2), 'k');
    const settled = rounds.settle();
    await network.pass(2_500);
    expect(network.sent).to.deep.equal([
      { to: ['a'], message: { ...attach(about, 2), time: 1_002_000 }, at: 2_000 },
    ]);
    rounds.receive(result('a', 3), 'k');
    wakeUp.notify();
    await settled;
  });

  it('looks at every target each 100 ms, however often something changes', async () => {
    const rounds = ask();
    rounds.expect(['a'], now());
    const settled = rounds.settle();
    await network.turns();
    for (let count = 0; count < 9; count += 1) {
      mock.timers.tick(10);
      wakeUp.notify();
      await network.turns();
    }
    expect(network.looks).to.equal(0);
    await network.pass(200);
    expect(network.looks).to.equal(2);
    rounds.receive(result('a', 1), 'k');
    wakeUp.notify();
    await settled;
  });

  for (const [what, begin, asked] of [
    ['the silent', () => {}, [1_000, 3_000]],
    ['those at work', (rounds: RequestRounds) => rounds.receive(accepted('a', 1, 60), 'k'), [2_000, 6_000]],
  ] as const)
    it(`continues while disconnected, and repeats ${what} when connected again`, async () => {
      const rounds = ask();
      rounds.expect(['a'], now());
      begin(rounds);
      network.sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
      const settled = rounds.settle();
      await network.pass(asked[0] + 500);
      network.sending = () => {};
      await network.pass(asked[1] - asked[0]);
      expect(times()).to.deep.equal(asked);
      rounds.receive(result('a', 9), 'k');
      wakeUp.notify();
      await settled;
    });

  it('throws if a request to all cannot be sent', async () => {
    network.sending = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    expect(await ask().broadcast().catch(String)).to.include('no broker');
  });

  it('throws what else keeps it from sending', async () => {
    const rounds = ask();
    rounds.expect(['a'], now());
    network.sending = () => Promise.reject(new Error('no key'));
    const settled = rounds.settle().catch(String);
    await network.pass(1_500);
    expect(await settled).to.equal('Error: no key');
  });

  it('reports the remaining nodes when the caller stops waiting', async () => {
    const rounds = ask();
    rounds.expect(['a', 'b'], now());
    rounds.receive(result('a', 1), 'k');
    mock.timers.tick(1_500);
    rounds.leave(1_000_500);
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

  describe('of a client that was suspended', () => {
    let skipped = 0;
    beforeEach(() => {
      skipped = 0;
      const clock = Date.now;
      mock.method(Date, 'now', () => clock() + skipped);
    });
    /** The clock goes on, or is set back, and nothing runs. */
    const suspend = (milliseconds: number) => {
      skipped += milliseconds;
    };

    it('does not count that time as waited, and asks again', async () => {
      for (const identity of ['a', 'b']) network.records.set(identity, true);
      const rounds = ask();
      rounds.expect(['a', 'b'], now());
      await rounds.send(['a', 'b']);
      const settled = rounds.settle();
      await network.pass(500);
      suspend(100_000);
      await network.pass(200);
      expect(results).to.deep.equal([]);
      expect(network.sent.at(-1)).to.deep.include({ to: ['a', 'b'] });
      rounds.receive(result('a', 1), 'k');
      await network.pass(10_000);
      expect(results.map(({ sender, state, statusmsg }) => [sender, state, statusmsg])).to.deep.equal([
        ['a', 'ok', 'OK'],
        ['b', 'no-reply', 'online, called 4 times in 10 s'],
      ]);
      await settled;
    });

    it('asks nodes that run the action for what it missed, and waits for their time limit', async () => {
      network.records.set('a', true);
      const rounds = ask();
      rounds.expect(['a'], now());
      const settled = rounds.settle();
      rounds.receive(accepted('a', 1, 10), 'k');
      await network.pass(500);
      suspend(100_000);
      await network.pass(1_500);
      expect(results).to.deep.equal([]);
      expect(network.sent.at(-1)?.message).to.include({ type: 'attach', after: 1 });
      rounds.receive(result('a', 2), 'k');
      await network.pass(200);
      await settled;
      expect(results.map(({ state, seconds }) => [state, seconds > 100])).to.deep.equal([['ok', true]]);
    });

    it('goes on when its clock is set back', async () => {
      const rounds = ask();
      rounds.expect(['a'], now());
      const settled = rounds.settle();
      await network.pass(500);
      suspend(-900_000);
      await network.pass(10_000);
      expect(results.map(({ state }) => state)).to.deep.equal(['no-reply']);
      await settled;
    });

    it('ends even if it is suspended again and again', async () => {
      const rounds = ask();
      rounds.expect(['a'], now());
      let isOver = false;
      const settled = rounds.settle().then(() => {
        isOver = true;
      });
      for (let count = 0; count < 150 && !isOver; count += 1) {
        suspend(5_000);
        await network.pass(100);
      }
      expect(results.map(({ state }) => state)).to.deep.equal(['no-reply']);
      await settled;
    });
  });
});
