import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { neverAborts } from '../../src/rpc/never-aborts.js';
import { failureOf } from '../fixtures/rejection.js';
import { type Answer, StubNetwork } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const day = 86_400_000;

describe('a machine whose clock is wrong', () => {
  let network: StubNetwork;
  beforeEach(() => {
    network = new StubNetwork();
  });

  /** Replies as a node does whose clock is that much ahead. */
  const by = (ahead: () => number): Answer => {
    return ({ options: { clockOffset = 0 } }) => {
      const isInTime = Math.abs(clockOffset - ahead()) < 60_000;
      const more = { clockOffset: ahead(), statusmsg: isInTime ? 'OK' : 'the request has expired' };
      return { state: isInTime ? 'ok' : 'expired', ...more };
    };
  };
  const status = (collective: string) =>
    nodeOf(network, { collective }).ask('status', (agent, given) => agent.status({}, given), {
      signal: neverAborts,
    });
  const dates = () => network.asked.map(({ options }) => options.clockOffset ?? 0);

  it('is asked again by its clock while it enrols, and from then on at once', async () => {
    network.answers['provision status'] = by(() => -600_000);
    await status('provisioning');
    await status('provisioning');
    expect(dates()).to.deep.equal([0, -600_000, -600_000]);
    expect(network.peers.clocks.wrongBy('web1')).to.equal(-600_000);
  });

  it('is asked by the right time as soon as its clock is right', async () => {
    let ahead = day;
    network.answers['provision status'] = by(() => ahead);
    await status('provisioning');
    ahead = 0;
    await status('provisioning');
    await status('provisioning');
    expect(dates()).to.deep.equal([0, day, day, 0, 0]);
    expect(network.peers.clocks.wrongBy('web1')).to.equal(undefined);
  });

  for (const [what, collective, ahead] of [
    ['if it is a host already', 'mcollective', 600_000],
    ['if its clock is wrong by more than a day', 'provisioning', 2 * day],
  ] as const)
    it(`is asked by the right time alone ${what}`, async () => {
      network.answers['provision status'] = by(() => ahead);
      const failure = await failureOf(status(collective));
      expect(failure).to.include({ kind: 'unreachable' });
      expect(dates()).to.deep.equal([0]);
      expect(network.peers.clocks.wrongBy('web1')).to.equal(ahead);
    });

  it('is not asked twice if the request was only late', async () => {
    network.answers['provision status'] = () => ({ state: 'expired', clockOffset: 20, seconds: 0.1 });
    await failureOf(status('provisioning'));
    expect(dates()).to.deep.equal([0]);
  });
});
