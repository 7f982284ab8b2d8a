import { mock } from 'node:test';
import { emptyFilter, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { CallOptions } from '../../src/call/call-options.js';
import { DirectedCall } from '../../src/call/directed-call.js';
import type { TargetSetParts } from '../../src/call/target-set.js';
import { attach, request } from '../../src/connection/node-messages.js';
import type { Discovery, Result } from '../../src/index.js';
import { WakeUp } from '../../src/waiting/wake-up.js';
import { accepted, progress, result } from '../replies.js';
import { ScriptedNetwork } from '../scripted-network.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const filter = { ...emptyFilter, classes: ['web'] };
const wanted = { filter: { ...filter, agents: ['work'] }, collective: 'm' };
const order = request({ ...about, agent: 'work', action: 'b', filter, input: {} });
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index + 10}`);

describe('targets that are known before they are asked', () => {
  let network: ScriptedNetwork;
  let results: Result[];
  let wakeUp: WakeUp;
  let isOver: boolean;
  let start: number | undefined;
  let failure: string | undefined;
  let isConnected: boolean;
  /** Answers each message to a node as soon as it is sent, where set. */
  let answers: ((identity: string) => void) | undefined;
  let call: DirectedCall;

  beforeEach(() => {
    network = new ScriptedNetwork();
    results = [];
    wakeUp = new WakeUp();
    isOver = false;
    start = undefined;
    failure = undefined;
    isConnected = true;
    answers = undefined;
  });
  afterEach(() => network.end());

  /** Asks the nodes that a discovery finds, or those of the options. */
  async function ask(
    options: CallOptions,
    found: Partial<Discovery> = {},
    message: TargetSetParts['message'] = order,
  ): Promise<void> {
    network.sending = ({ to }) => {
      if (!isConnected) throw new TroupeError('NOT_CONNECTED', 'no broker');
      const reached = typeof to === 'string' ? (found.nodes ?? []) : to;
      setImmediate(() => {
        for (const identity of reached) answers?.(identity);
      });
    };
    const discovery = {
      method: 'broadcast',
      nodes: [],
      silent: [],
      refused: [],
      offline: [],
      seconds: 3,
      ...found,
    };
    call = new DirectedCall({
      router: network.router,
      finder: {
        find: async (given: unknown) => {
          expect(given).to.equal(wanted);
          return discovery;
        },
      },
      wanted,
      message,
      agents: ['own'],
      options,
      wakeUp,
      view: Promise.resolve(network.presence),
      onResult: (one: Result) => results.push(one),
    } as unknown as TargetSetParts);
    call.ask().then(
      (time) => {
        start = time;
        isOver = true;
      },
      (error) => {
        failure = String(error);
      },
    );
    await network.turns();
  }
  const hear = (reply: Parameters<DirectedCall['receive']>[0]) => {
    call.receive(reply, 'k');
    wakeUp.notify();
  };
  const states = () => results.map(({ sender, state }) => `${sender} ${state}`);

  it('are open from the question to the answer', async () => {
    await ask({}, { nodes: ['a', 'b'] });
    expect({ open: call.open(), running: call.running(), size: call.size }).to.deep.equal({
      open: ['a', 'b'],
      running: [],
      size: 2,
    });
    hear(accepted('a', 1, 60));
    expect(call.running()).to.deep.equal(['a']);
    hear(result('a', 2));
    hear(result('b', 1));
    await network.turns();
    expect({ isOver, open: call.open(), start }).to.deep.equal({
      isOver: true,
      open: [],
      start: 1_000_000,
    });
    expect(call.discovery).to.deep.include({ nodes: ['a', 'b'], seconds: 3 });
    expect(call.stopped).to.equal(undefined);
  });

  it('are none, and not open, before they are known', async () => {
    const idle = new DirectedCall({} as TargetSetParts);
    expect({
      open: idle.open(),
      running: idle.running(),
      size: idle.size,
      discovery: idle.discovery,
      unexpected: idle.unexpected,
    }).to.deep.equal({ open: [], running: [], size: 0, discovery: undefined, unexpected: [] });
  });

  describe('are asked', () => {
    for (const [what, options, found, message, way] of [
      ['each by name if they are ten', {}, { nodes: names(10) }, order, 'names'],
      [
        'by one broadcast if eleven were found, and are all that match',
        {},
        { nodes: names(11) },
        order,
        'all',
      ],
      ['by name if they were picked', { limit: 11 }, { nodes: names(12) }, order, 'names'],
      ['by name if a source named them', {}, { nodes: names(11), method: 'named' }, order, 'names'],
      ['by name if they were given', { targets: names(11) }, {}, order, 'names'],
      ['by name if they are a part of all', { batch: 11 }, { nodes: names(12) }, order, 'names'],
      ['by name about a request of before', {}, { nodes: names(11) }, attach(about, 0), 'names'],
    ] as const)
      it(what, async () => {
        await ask(options, found, message);
        expect(network.sent).to.have.length(1);
        expect(network.sent[0]?.to).to.deep.equal(way === 'all' ? 'work' : network.sent[0]?.to);
        expect(typeof network.sent[0]?.to).to.equal(way === 'all' ? 'string' : 'object');
      });

    it('by the filter of the request, or what a source has left of it', async () => {
      await ask({}, { nodes: ['a'] });
      expect(network.sent[0]?.message).to.have.deep.property('filter', filter);
      network.sent.splice(0);
      await ask({}, { nodes: ['a'], rest: emptyFilter });
      expect(network.sent[0]?.message).to.have.deep.property('filter', { ...emptyFilter, agents: ['own'] });
    });
  });

  describe('do not include', () => {
    beforeEach(() => ask({}, { nodes: ['a'] }));

    for (const [what, reply, isUnexpected] of [
      ['one that ran the request', result('x', 1), true],
      ['one whose action failed', result('x', 1, 'failed', 1), true],
      ['one that was cancelled', result('x', 1, 'cancelled', 1), true],
      ['one that the filter leaves out', result('x', 1, 'unmatched', 1), false],
      ['one that denies', result('x', 1, 'denied', 1), false],
      ['one whose clock is off', result('x', 1, 'expired', 1), false],
      ['one that is busy', result('x', 1, 'busy', 1), false],
      ['one that has not ended', progress('x', 1), false],
      ['one that has only taken it', accepted('x', 1, 5), false],
    ] as const)
      it(`${what}, which is ${isUnexpected ? '' : 'not '}unexpected`, () => {
        hear(reply);
        hear(reply);
        expect(call.unexpected).to.deep.equal(isUnexpected ? ['x'] : []);
        expect(results).to.deep.equal([]);
        expect(call.open()).to.deep.equal(['a']);
      });

    it('themselves among the unexpected', () => {
      hear(result('a', 1));
      expect(call.unexpected).to.deep.equal([]);
    });
  });

  describe('in batches', () => {
    it('are asked a second after those before have ended', async () => {
      await ask({ batch: 2 }, { nodes: ['a', 'b', 'c'] });
      expect(call.open()).to.deep.equal(['a', 'b']);
      hear(result('a', 1));
      await network.pass(200);
      hear(result('b', 1));
      await network.pass(950);
      expect(network.log()).to.deep.equal(['a,b 0']);
      await network.pass(50);
      expect(network.log()).to.deep.equal(['a,b 0', 'c 1200']);
      expect(network.sent[1]?.message.time).to.equal(1_001_200);
      expect(call.size).to.equal(3);
      hear(result('c', 1));
      await network.turns();
      expect({ isOver, start, stopped: call.stopped }).to.deep.equal({
        isOver: true,
        start: 1_000_000,
        stopped: undefined,
      });
    });

    it('are asked after the pause that is wanted', async () => {
      answers = (identity) => hear(result(identity, 1));
      await ask({ batch: 1, batchSleep: 0.2 }, { nodes: ['a', 'b', 'c'] });
      await network.pass(500);
      expect(network.log()).to.deep.equal(['a 0', 'b 200', 'c 400']);
    });

    it('are asked no more once too many have failed', async () => {
      answers = (identity) => hear(result(identity, 1, identity === 'c' ? 'ok' : 'failed', 1));
      await ask({ batch: 1, batchSleep: 0, maxFailures: 1 }, { nodes: ['a', 'b', 'c', 'd'] });
      await network.pass(500);
      const why = '2 nodes failed; the limit is 1';
      expect(call.stopped).to.equal(why);
      expect(states()).to.deep.equal(['a failed', 'b failed', 'c not-asked', 'd not-asked']);
      expect(results[2]).to.deep.equal({
        sender: 'c',
        state: 'not-asked',
        ok: false,
        statusmsg: `not asked: ${why}`,
        data: {},
        seconds: 0,
      });
    });

    it('are not stopped where all were asked before too many had failed', async () => {
      answers = (identity) => hear(result(identity, 1, 'failed', 1));
      await ask({ batch: 2, batchSleep: 0, maxFailures: 0 }, { nodes: ['a', 'b'] });
      await network.pass(500);
      expect(states()).to.deep.equal(['a failed', 'b failed']);
      expect(call.stopped).to.equal(undefined);
    });

    it('are left at the signal in the middle of a pause', async () => {
      const stop = new AbortController();
      answers = (identity) => hear(result(identity, 1));
      await ask({ batch: 1, batchSleep: 60, signal: stop.signal }, { nodes: ['a', 'b'] });
      await network.pass(500);
      stop.abort();
      wakeUp.notify();
      await network.turns();
      expect(isOver).to.equal(true);
      expect(states()).to.deep.equal(['a ok', 'b not-asked']);
      expect(results[1]).to.include({
        statusmsg: 'the client stopped before sending the request to this node',
      });
      expect(network.log()).to.deep.equal(['a 0']);
    });

    it('are not left because something else changes in a pause', async () => {
      answers = (identity) => hear(result(identity, 1));
      await ask({ batch: 1, batchSleep: 1 }, { nodes: ['a', 'b'] });
      await network.pass(500);
      wakeUp.notify();
      await network.pass(400);
      expect(network.log()).to.deep.equal(['a 0']);
      await network.pass(100);
      expect(network.log()).to.deep.equal(['a 0', 'b 1000']);
    });
  });

  it('end as silent at the signal if they were asked', async () => {
    const stop = new AbortController();
    await ask({ signal: stop.signal }, { nodes: ['a', 'b'] });
    hear(result('a', 1));
    mock.timers.tick(2_000);
    stop.abort();
    wakeUp.notify();
    await network.turns();
    expect(states()).to.deep.equal(['a ok', 'b no-reply']);
    expect(results[1]).to.include({ statusmsg: 'this client stopped waiting', seconds: 2, ok: false });
  });

  for (const [what, nodes] of [
    ['by name', names(1)],
    ['by broadcast', names(11)],
  ] as const)
    it(`cannot be asked without a broker (${what})`, async () => {
      isConnected = false;
      await ask({}, { nodes });
      expect(failure).to.include('no broker');
      expect(isOver).to.equal(false);
    });

  it('are not called after the signal', async () => {
    await ask({ signal: AbortSignal.abort() }, { nodes: ['a'] });
    expect(network.sent).to.deep.equal([]);
    expect(states()).to.deep.equal(['a not-asked']);
  });
});
