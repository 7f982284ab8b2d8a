import { mock } from 'node:test';
import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import { Lease } from '../../src/node/lease.js';
import type { NodeAgent } from '../../src/rpc/node-agent.js';
import { logLines } from '../fixtures/log-lines.js';
import { failureOf } from '../fixtures/rejection.js';
import { type Answer, ends, StubNetwork, says, settled } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const renew = 'provision renew';

describe('a lease', () => {
  let network: StubNetwork;
  let session: { node: NodeAgent };
  let step: AbortController;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    network = new StubNetwork();
    network.answers['provision lock_deploy'] = says({ token: 7 });
    session = { node: nodeOf(network) };
    step = new AbortController();
  });
  afterEach(() => mock.timers.reset());

  const take = (more: { seconds?: number; notify?: boolean } = {}) =>
    Lease.take(session, {
      owner: 'prov/1',
      seconds: 60,
      notify: false,
      log: silentLogger,
      signal: step.signal,
      ...more,
    });
  const pass = async (milliseconds: number) => {
    mock.timers.tick(milliseconds);
    await settled();
  };
  const renewals = () => network.of(renew).length;
  /** A renewal whose answer is still to come. */
  const pending = () => {
    let answer: (result: Awaited<ReturnType<Answer>>) => void = () => {};
    network.answers[renew] = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    return (result: Awaited<ReturnType<Answer>>) => answer(result);
  };

  for (const [what, notify, input] of [
    ['takes it under its own name', false, { owner: 'prov/1', seconds: 60 }],
    ['says so if it is only to notify people', true, { owner: 'prov/1', seconds: 60, notify: true }],
  ] as const) {
    it(what, async () => {
      await take({ notify });
      expect(network.asked.map(({ what: each, input: given }) => [each, given])).to.deep.equal([
        ['provision lock_deploy', input],
      ]);
      expect(session.node.token).to.equal(7);
    });
  }

  it('has no token if the node gives none', async () => {
    network.answers['provision lock_deploy'] = says({ token: null });
    await take();
    expect(session.node.token).to.equal(undefined);
  });

  it('is renewed each time a third of it has passed', async () => {
    await take();
    await pass(19_999);
    expect(renewals()).to.equal(0);
    await pass(1);
    expect(renewals()).to.equal(1);
    expect(network.of(renew)[0]?.input).to.deep.equal({ token: 7, seconds: 60 });
    await pass(19_999);
    expect(renewals()).to.equal(1);
    await pass(1);
    expect(renewals()).to.equal(2);
  });

  for (const [seconds, answerWithin] of [
    [60, 10],
    [6, 2],
  ] as const) {
    it(`of ${seconds} s waits ${answerWithin} s for the answer to a renewal`, async () => {
      const lease = await take({ seconds });
      await lease.confirm();
      expect(network.of(renew)[0]?.options).to.include({ answerWithin });
      lease.stop();
    });
  }

  it('is renewed where the node is asked now, after it has moved', async () => {
    await take();
    session.node = nodeOf(network, { identity: 'web1.example.net' });
    await pass(20_000);
    expect(network.of(renew)[0]?.target).to.equal('web1.example.net');
  });

  it('is renewed even if the step that is under way has run out of time', async () => {
    const lease = await take();
    step.abort();
    await lease.confirm();
    expect(renewals()).to.equal(1);
  });

  it('lasts as long as it was last confirmed for, and the next renewal comes at a third of that', async () => {
    const lease = await take();
    await pass(15_000);
    await lease.confirm(300);
    expect(network.of(renew)[0]?.input).to.deep.equal({ token: 7, seconds: 300 });
    await pass(99_999);
    expect(renewals()).to.equal(1);
    await pass(1);
    expect(renewals()).to.equal(2);
  });

  it('fails to be confirmed if the node refuses', async () => {
    const lease = await take();
    network.answers[renew] = ends('failed', 'token 7 is stale');
    expect((await failureOf(lease.confirm())).kind).to.equal('lost');
  });

  describe('that was given up', () => {
    it('is renewed no more', async () => {
      const lease = await take();
      lease.stop();
      await pass(120_000);
      expect(renewals()).to.equal(0);
    });

    it('is renewed no more once it was confirmed for a last time', async () => {
      const lease = await take();
      lease.stop();
      await lease.confirm(300);
      await pass(600_000);
      expect(renewals()).to.equal(1);
    });

    it('is renewed no more even if a renewal was under way and goes well', async () => {
      const lease = await take();
      const answer = pending();
      await pass(20_000);
      lease.stop();
      answer({});
      await settled();
      await pass(600_000);
      expect(renewals()).to.equal(1);
    });

    for (const state of ['no-reply', 'failed'] as const) {
      it(`is neither lost nor tried again if the renewal under way ends as ${state}`, async () => {
        const lease = await take();
        const answer = pending();
        await pass(20_000);
        lease.stop();
        answer({ state });
        await settled();
        await pass(600_000);
        expect([renewals(), lease.lost.aborted]).to.deep.equal([1, false]);
      });
    }
  });

  describe('that cannot be renewed', () => {
    it('is tried again each second, and goes on if that goes well', async () => {
      const lease = await take();
      network.answers[renew] = ends('no-reply');
      await pass(20_000);
      await pass(999);
      expect(renewals()).to.equal(1);
      await pass(1);
      expect(renewals()).to.equal(2);
      network.answers[renew] = () => ({});
      await pass(1000);
      expect([renewals(), lease.lost.aborted]).to.deep.equal([3, false]);
      await pass(19_999);
      expect(renewals()).to.equal(3);
      await pass(1);
      expect(renewals()).to.equal(4);
    });

    it('is lost when its time is over, counted from the last request that was answered', async () => {
      const lease = await take();
      network.answers[renew] = ends('no-reply', 'silence');
      await pass(20_000);
      for (let second = 21; second < 60; second += 1) await pass(1000);
      expect([renewals(), lease.lost.aborted]).to.deep.equal([40, false]);
      await pass(1000);
      expect(lease.lost.aborted).to.equal(true);
      const reason: StepFailure = lease.lost.reason;
      expect(reason).to.be.instanceOf(StepFailure).and.include({ kind: 'lost' });
      expect(reason.message).to.equal('renew on web1: silence');
      expect(reason.cause).to.be.instanceOf(StepFailure);
      await pass(600_000);
      expect(renewals()).to.equal(41);
    });

    it('counts its time from when it was asked for, not from when the answer came', async () => {
      let lock: (result: Awaited<ReturnType<Answer>>) => void = () => {};
      network.answers['provision lock_deploy'] = () =>
        new Promise((resolve) => {
          lock = resolve;
        });
      const taking = take();
      await pass(9_000);
      lock({ data: { token: 7 } });
      const lease = await taking;
      network.answers[renew] = ends('no-reply');
      await pass(20_000);
      for (let second = 30; second < 60; second += 1) await pass(1000);
      expect(lease.lost.aborted).to.equal(false);
      await pass(1000);
      expect(lease.lost.aborted).to.equal(true);
    });

    it('is lost at once if the node says that somebody else has it', async () => {
      const lease = await take();
      network.answers[renew] = ends('failed', 'token 7 is stale');
      network.answers['provision status'] = says({ lease: { token: 8 } });
      await pass(20_000);
      expect(lease.lost.reason).to.include({ kind: 'lost' });
      network.answers[renew] = () => ({});
      await lease.confirm();
      await pass(600_000);
      expect(renewals()).to.equal(2);
    });

    it('is kept if the node refuses and says that it still has that lease', async () => {
      const lease = await take();
      network.answers[renew] = ends('failed', 'the daemon stops');
      network.answers['provision status'] = says({ lease: { token: 7 } });
      await pass(20_000);
      expect(lease.lost.aborted).to.equal(false);
      await pass(1000);
      expect(renewals()).to.equal(2);
    });

    it('is lost for good if another machine answers', async () => {
      network.answers['provision lock_deploy'] = () => ({ key: 'a'.repeat(20), data: { token: 7 } });
      session.node = nodeOf(network, { isPinned: true });
      const lease = await take();
      network.answers[renew] = () => ({ key: 'b'.repeat(20) });
      await pass(20_000);
      expect(lease.lost.reason).to.include({ kind: 'permanent' });
    });
  });

  it('is given back with its token, and renewed no more', async () => {
    const lease = await take();
    step.abort();
    await lease.release();
    const [given] = network.of('provision unlock_deploy');
    expect(given?.input).to.deep.equal({ token: 7 });
    expect(given?.options).to.include({ answerWithin: 2 });
    await pass(120_000);
    expect(renewals()).to.equal(0);
  });

  it('ends by itself if it cannot be given back, which is only logged', async () => {
    const { log, lines } = logLines();
    const lease = await Lease.take(session, {
      owner: 'prov/1',
      seconds: 60,
      notify: false,
      log,
      signal: step.signal,
    });
    network.answers['provision unlock_deploy'] = ends('no-reply', 'silence');
    await lease.release();
    expect(lines.map(({ msg, reason }) => [msg, reason])).to.deep.equal([
      ['cannot release the lease: it will expire', 'unlock_deploy on web1: silence'],
    ]);
  });
});
