import { emptyFilter, parseFact, type Reply } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BroadcastCall } from '../../src/call/broadcast-call.js';
import type { CallOptions } from '../../src/call/call-options.js';
import type { TargetSetParts } from '../../src/call/target-set.js';
import { request } from '../../src/connection/node-messages.js';
import type { Discovery, Result } from '../../src/index.js';
import { WakeUp } from '../../src/waiting/wake-up.js';
import { accepted, result } from '../replies.js';
import { ScriptedNetwork } from '../scripted-network.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const filter = { ...emptyFilter, facts: [parseFact('os=linux')] };
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

describe('all nodes that are online', () => {
  let network: ScriptedNetwork;
  let call: BroadcastCall;
  let results: Result[];
  let told: Discovery[];
  let end: number | string | undefined;

  beforeEach(() => {
    network = new ScriptedNetwork();
    results = [];
    told = [];
    end = undefined;
  });
  afterEach(() => network.end());

  async function ask(online: readonly string[], options: CallOptions = {}): Promise<void> {
    for (const identity of online) network.records.set(identity, true);
    const message = request({ ...about, agent: 'work', action: 'b', filter, input: {} });
    call = new BroadcastCall(
      {
        router: network.router,
        options: { onDiscovered: (found: Discovery) => told.push(found), ...options },
        wanted: { filter, collective: 'm' },
        wakeUp: new WakeUp(),
        view: Promise.resolve(network.presence),
        onResult: (one: Result) => results.push(one),
      } as unknown as TargetSetParts,
      network.presence,
      message,
    );
    call.ask().then(
      (start) => {
        end = start;
      },
      (error) => {
        end = String(error);
      },
    );
    await network.turns();
  }
  /** A reply to the request, which both the call and its search hear. */
  const hear = (reply: Reply) => {
    call.receive(reply, 'the key');
    network.deliver(reply);
  };
  const states = () => results.map(({ sender, state }) => `${sender} ${state}`).sort();
  /** The question of a discovery that was put to those that refused. */
  const question = () => {
    const asked = network.sent.find(({ message }) => message.agent === 'discovery');
    if (!asked) throw new Error('nobody was asked');
    return asked;
  };
  const answerQuestion = (reply: Reply) => network.deliver(reply, question().message.id);

  it('are asked by one message, as of the beginning, and all of them answer', async () => {
    await ask(['a', 'b']);
    expect(network.log()).to.deep.equal(['discovery 0']);
    expect(network.sent[0]?.message).to.deep.include({
      agent: 'work',
      time: 1_000_000,
      answerUnmatched: true,
    });
    expect(call.discovery).to.equal(undefined);
    expect({ size: call.size, open: call.open(), running: call.running() }).to.deep.equal({
      size: 2,
      open: ['a', 'b'],
      running: [],
    });
  });

  it('are targets if they run it, and none if the filter leaves them out', async () => {
    await ask(['a', 'b', 'c']);
    hear(accepted('a', 1, 60));
    expect({ size: call.size, open: call.open(), running: call.running() }).to.deep.equal({
      size: 3,
      open: ['a', 'b', 'c'],
      running: ['a'],
    });
    hear(result('b', 1, 'unmatched', 1));
    hear(result('c', 1));
    await network.pass(100);
    expect({ size: call.size, open: call.open(), end }).to.deep.equal({
      size: 2,
      open: ['a'],
      end: undefined,
    });
    const found = {
      method: 'broadcast',
      nodes: ['a', 'c'],
      silent: [],
      refused: [],
      offline: [],
      byRequest: true,
      seconds: 0,
    };
    expect(told).to.deep.equal([found]);
    await network.pass(1_000);
    hear(result('a', 2));
    await network.pass(100);
    expect(states()).to.deep.equal(['a ok', 'c ok']);
    expect(results.find(({ sender }) => sender === 'a')).to.include({ key: 'the key', seconds: 1.1 });
    expect({ end, discovery: call.discovery }).to.deep.equal({ end: 1_000_000, discovery: found });
    expect(call.unexpected).to.deep.equal([]);
    expect(call.stopped).to.equal(undefined);
  });

  it('are asked again if they are silent, then named as that, and taken in when they answer late', async () => {
    await ask(['a', 'b']);
    hear(accepted('a', 1, 60));
    await network.pass(2_100);
    expect(network.log()).to.deep.equal(['discovery 0', 'b 500', 'b 1000', 'b 1500', 'a 2000']);
    expect(call.discovery).to.deep.include({ nodes: ['a'], silent: ['b'] });
    expect(call.open()).to.deep.equal(['a']);
    hear(accepted('b', 1, 60));
    expect(call.discovery).to.deep.include({ nodes: ['a', 'b'], silent: [] });
    expect(call.open()).to.deep.equal(['a', 'b']);
    hear(result('a', 2));
    hear(result('b', 2));
    await network.pass(200);
    expect(states()).to.deep.equal(['a ok', 'b ok']);
    // What was told was so then.
    expect(told[0]).to.deep.include({ nodes: ['a'], silent: ['b'] });
  });

  it('are no longer silent if the filter leaves them out late', async () => {
    await ask(['a', 'b']);
    hear(accepted('a', 1, 60));
    await network.pass(2_100);
    hear(result('b', 1, 'unmatched', 1));
    expect(call.discovery).to.deep.include({ nodes: ['a'], silent: [] });
    expect(call.size).to.equal(1);
  });

  describe('of whom some refuse', () => {
    const refusal = (sender: string): Reply => result(sender, 1, 'denied', 1);

    it('are asked whether they are meant: those that are have refused the call', async () => {
      await ask(['a', 'b', 'c', 'd']);
      hear(result('a', 1));
      for (const sender of ['b', 'c', 'd']) hear(refusal(sender));
      expect({ size: call.size, open: call.open() }).to.deep.equal({
        size: 4,
        open: ['b', 'c', 'd'],
      });
      await network.pass(100);
      expect(question().to).to.deep.equal(['b', 'c', 'd']);
      expect(question().message).to.deep.include({ action: 'ping', filter, answerUnmatched: true });
      expect(call.discovery).to.equal(undefined);
      answerQuestion(result('b', 1));
      answerQuestion(result('c', 1, 'unmatched', 1));
      answerQuestion({ ...refusal('d'), statusmsg: 'no clock' } as Reply);
      await network.pass(100);
      expect(states()).to.deep.equal(['a ok', 'b denied']);
      expect(call.discovery).to.deep.include({
        nodes: ['a', 'b'],
        silent: [],
        refused: [{ sender: 'd', statusmsg: 'no clock' }],
      });
      expect(end).to.equal(1_000_000);
      expect(call.size).to.equal(2);
    });

    it('are named with what they said if they do not answer that', async () => {
      await ask(['a']);
      hear(refusal('a'));
      await network.pass(3_000);
      expect(states()).to.deep.equal([]);
      expect(call.discovery).to.deep.include({
        nodes: [],
        refused: [{ sender: 'a', statusmsg: 'it is denied' }],
      });
    });

    for (const [count, way] of [
      [50, 'by name'],
      [51, 'by one message to all'],
    ] as const)
      it(`are asked ${way} if they are ${count}`, async () => {
        await ask(names(count));
        for (const sender of names(count)) hear(refusal(sender));
        await network.pass(100);
        expect(question().to).to.deep.equal(count === 50 ? names(50) : 'discovery');
        if (count === 50) return;
        // Others than those that refused the call hear it too, and are of no interest.
        answerQuestion(refusal('x'));
        for (const sender of names(count)) answerQuestion(refusal(sender));
        await network.pass(1_000);
        expect(call.discovery?.refused.map(({ sender }) => sender)).to.deep.equal(names(51));
      });

    it('are not queried if no node refuses', async () => {
      await ask(['a']);
      hear(result('a', 1));
      await network.pass(100);
      expect(network.log()).to.deep.equal(['discovery 0']);
    });

    it('are listed once if they refuse after the search, and are targets if they run it in the end', async () => {
      await ask(['a', 'b']);
      hear(accepted('a', 1, 60));
      await network.pass(2_100);
      hear(refusal('b'));
      hear(refusal('b'));
      expect(call.discovery).to.deep.include({
        silent: [],
        refused: [{ sender: 'b', statusmsg: 'it is denied' }],
      });
      expect(call.size).to.equal(1);
      hear(accepted('b', 2, 60));
      expect(call.discovery).to.deep.include({ nodes: ['a', 'b'], refused: [] });
    });

    it('are all named at the signal', async () => {
      const stop = new AbortController();
      await ask(['a', 'b'], { signal: stop.signal });
      for (const sender of ['a', 'b']) hear(refusal(sender));
      await network.pass(100);
      answerQuestion(result('a', 1, 'unmatched', 1));
      stop.abort();
      await network.pass(100);
      expect(call.discovery?.refused).to.deep.equal(
        ['a', 'b'].map((sender) => ({ sender, statusmsg: 'it is denied' })),
      );
      expect(end).to.equal(1_000_000);
    });
  });

  it('are left at the signal: those at work are silent, the others are not known', async () => {
    const stop = new AbortController();
    await ask(['a', 'b'], { signal: stop.signal });
    hear(accepted('a', 1, 60));
    await network.pass(300);
    stop.abort();
    await network.pass(200);
    expect(results).to.have.length(1);
    expect(results[0]).to.include({
      sender: 'a',
      state: 'no-reply',
      statusmsg: 'this client stopped waiting',
      ok: false,
    });
    expect(call.discovery).to.deep.include({ nodes: ['a'], silent: ['b'] });
    expect(end).to.equal(1_000_000);
  });

  it('cannot be asked without a broker', async () => {
    network.sending = () => Promise.reject(new Error('no broker'));
    await ask(['a']);
    await network.pass(200);
    expect(end).to.equal('Error: no broker');
    expect(network.listening).to.equal(0);
  });
});
