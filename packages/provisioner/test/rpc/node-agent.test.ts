import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import type { NodeAgent, NodeCallOptions } from '../../src/rpc/node-agent.js';
import { failureOf } from '../fixtures/rejection.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

describe('the agent of a node', () => {
  let network: StubNetwork;
  let node: NodeAgent;
  let stop: AbortController;
  beforeEach(() => {
    network = new StubNetwork();
    stop = new AbortController();
    node = nodeOf(network);
  });

  const status = (more: Partial<NodeCallOptions> = {}) =>
    node.ask('status', (agent, given) => agent.status({}, given), { signal: stop.signal, ...more });
  const restart = () =>
    node.change('restart', (agent, claim, given) => agent.restart({ ...claim }, given), {
      signal: stop.signal,
    });

  it('is asked in its collective, with the options of the call', async () => {
    network.answers['provision status'] = says({ step: 'lock' });
    expect(await status({ answerWithin: 5 })).to.include({ step: 'lock' });
    const { signal } = stop;
    expect(network.asked[0]?.options).to.deep.equal({
      targets: ['web1'],
      collective: 'provisioning',
      signal,
      answerWithin: 5,
    });
  });

  it('is not asked once the signal has fired', async () => {
    stop.abort(new StepFailure('stopped', 'the end'));
    expect(await failureOf(status())).to.equal(stop.signal.reason);
    expect(network.asked).to.deep.equal([]);
  });

  for (const [state, isSignal] of [
    ['no-reply', true],
    ['failed', false],
  ] as const) {
    it(`fails with ${isSignal ? 'the reason of the signal' : 'its own reason'} if that fires and the call ends as ${state}`, async () => {
      network.answers['provision status'] = () => {
        stop.abort(new StepFailure('stopped', 'the end'));
        return { state, statusmsg: 'out of luck' };
      };
      const failure = await failureOf(status());
      expect(failure.message).to.equal(isSignal ? 'the end' : 'status on web1: out of luck');
    });
  }

  it('fails if it does not reply', async () => {
    network.answers['provision status'] = ends('no-reply', 'silence');
    expect(await failureOf(status())).to.include({ kind: 'unreachable', message: 'status on web1: silence' });
  });

  for (const [what, call, token, expected] of [
    ['carries the token of the lease when it is changed', restart, 7, { token: 7 }],
    ['carries no token if no lease is held', restart, undefined, {}],
    ['carries no token when it is only asked', status, 7, {}],
  ] as const) {
    it(what, async () => {
      node = nodeOf(network, { token });
      await call();
      expect(network.asked[0]?.input).to.deep.equal(expected);
    });
  }

  for (const [token, expected] of [
    [7, { token: 7 }],
    [null, {}],
  ] as const) {
    it(`is changed with the token of a lease that was taken meanwhile: ${token}`, async () => {
      network.answers['provision lock_deploy'] = says({ token });
      await node.takeLease({ owner: 'prov/1', seconds: 60, notify: false }, stop.signal);
      await restart();
      expect(network.asked[1]?.input).to.deep.equal(expected);
    });
  }

  it('answers a change with its data', async () => {
    network.answers['provision restart'] = says({ restarting: true });
    expect(await restart()).to.deep.equal({ restarting: true });
    expect(network.whats()).to.deep.equal(['provision restart']);
  });

  describe('that refuses a change', () => {
    beforeEach(() => {
      node = nodeOf(network, { token: 7 });
      network.answers['provision restart'] = ends('failed', 'token 7 is stale');
    });

    for (const [what, lease, kind] of [
      ['has lost the lease if it has another one', { token: 8 }, 'lost'],
      ['has lost the lease if it has none', null, 'lost'],
      ['has failed if the lease is still in force', { token: 7 }, 'failed'],
    ] as const) {
      it(what, async () => {
        network.answers['provision status'] = says({ lease });
        const failure = await failureOf(restart());
        expect(failure.kind).to.equal(kind);
        expect(failure.message).to.match(/restart on web1: token 7 is stale$/);
        if (kind === 'lost') expect(failure.message).to.match(/^lost the lease of web1: /);
      });
    }

    it('is not asked for the lease if none is held', async () => {
      node = nodeOf(network);
      expect((await failureOf(restart())).kind).to.equal('failed');
      expect(network.whats()).to.deep.equal(['provision restart']);
    });

    it('is not asked for the lease if it was not reached', async () => {
      network.answers['provision restart'] = ends('no-reply');
      expect((await failureOf(restart())).kind).to.equal('unreachable');
      expect(network.whats()).to.deep.equal(['provision restart']);
    });

    it('is asked for the lease until the signal of the call fires', async () => {
      network.answers['provision status'] = says({ lease: { token: 7 } });
      expect((await failureOf(restart())).kind).to.equal('failed');
      expect(network.of('provision status')[0]?.options.signal).to.equal(stop.signal);
    });
  });

  for (const [data, run, runSeconds] of [
    [{ run: 'r1', seconds: 3 }, 'r1', 3],
    [{ run: 'r1', seconds: null }, 'r1', undefined],
    [{ run: null, seconds: 3 }, undefined, undefined],
  ] as const) {
    it(`tells of the run that failed: ${JSON.stringify(data)}`, async () => {
      network.answers['provision restart'] = ends('failed', 'no', { data });
      const failure = await failureOf(restart());
      expect(failure).to.include({ kind: 'failed', message: 'restart on web1: no', run, runSeconds });
    });
  }

  it('remembers the last request that did something, and none that only keeps the books', async () => {
    await restart();
    const { id } = network.asked[0] ?? {};
    expect(node.lastRequest).to.equal(id);
    await status();
    const { signal } = stop;
    await node.ask('has_cert', (agent, given) => agent.has_cert({}, given), { signal });
    await node.change(
      'record',
      (agent, claim, given) => agent.record({ step: 'lock', outcome: 'ok', ...claim }, given),
      { signal },
    );
    await node.change('renew', (agent, claim, given) => agent.renew({ ...claim }, given), { signal });
    await node.change('unlock_deploy', (agent, claim, given) => agent.unlock_deploy({ ...claim }, given), {
      signal,
    });
    expect(node.lastRequest).to.equal(id);
  });

  describe('that is held to its key', () => {
    const keys = (...given: readonly (string | undefined)[]) => {
      const left = [...given];
      network.answers['provision status'] = () => {
        const key = left.shift();
        return key === undefined ? {} : { key };
      };
    };
    const first = 'a'.repeat(20);
    const other = 'b'.repeat(20);

    it('fails for good if another key signs, and says which', async () => {
      node = nodeOf(network, { isPinned: true });
      keys(first, undefined, first, other);
      for (let n = 0; n < 3; n += 1) await status();
      expect(node.pin.key).to.equal(first);
      expect(await failureOf(status())).to.include({
        kind: 'permanent',
        message:
          'another machine replies under the name web1: ' +
          `its key is ${'b'.repeat(16)}…, but the key at the start of the provisioning was ${'a'.repeat(16)}…`,
      });
    });

    it('is taken for another machine before what it answers counts', async () => {
      node = nodeOf(network, { isPinned: true });
      keys(first);
      await status();
      network.answers['provision status'] = ends('failed', 'no', { key: other });
      expect((await failureOf(status())).kind).to.equal('permanent');
    });

    it('may have another key if nobody vouches for keys', async () => {
      keys(first, other);
      await status();
      await status();
      expect(node.pin.key).to.equal(other);
    });
  });
});
