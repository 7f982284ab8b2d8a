import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';
import { Masters } from '../../src/master/masters.js';
import { NameGuard } from '../../src/node/name-guard.js';
import { failureOf } from '../fixtures/rejection.js';
import { infoOf } from '../fixtures/step-context.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';

describe('the guard of names', () => {
  let network: StubNetwork;
  let masters: Masters;
  let guard: NameGuard;
  beforeEach(async () => {
    network = new StubNetwork();
    network.nodes = ['puppet1'];
    network.answers['puppetca info'] = says(infoOf('puppet1'));
    const config = parseProvisionerConfig('protected: ["/^db/"]');
    masters = new Masters(network.peers, config.master, silentLogger);
    await masters.list();
    guard = new NameGuard(network.peers, masters, config);
    network.answers['rpcutil ping'] = ends('no-reply');
  });
  const pings = () => network.of('rpcutil ping');

  for (const [name, reason] of [
    ['db1', 'it is protected by the configuration'],
    ['provisioner.mcollective', 'it is the name of the provisioner'],
    ['puppet1.example.net', 'it is the name of a Puppet server'],
    ['puppet1', 'it is the name of a Puppet server'],
  ] as const) {
    it(`refuses ${name} for good, and asks nobody: ${reason}`, async () => {
      const failure = await failureOf(guard.check(name, undefined));
      expect(failure).to.include({
        kind: 'permanent',
        message: `the name ${name} is refused: ${reason}; nothing was cleaned or signed`,
      });
      expect(pings()).to.deep.equal([]);
    });
  }

  for (const [what, isOnline, state, kind] of [
    ['accepts one that nobody has heard of', undefined, 'no-reply', undefined],
    ['accepts one of a host that is offline', false, 'offline', undefined],
    ['refuses for now one of a host that is online and silent', true, 'no-reply', 'failed'],
    ['refuses for now one of a host that went offline but is said to be online', true, 'offline', 'failed'],
    ['refuses for good one of a host that answers', undefined, 'ok', 'permanent'],
    ['refuses for good one of a host that answers with an error', undefined, 'denied', 'permanent'],
  ] as const) {
    it(what, async () => {
      if (isOnline !== undefined) network.online.set('web1', isOnline);
      network.answers['rpcutil ping'] = ends(state);
      const check = guard.check('web1', undefined);
      if (kind === undefined) await check;
      else {
        const failure = await failureOf(check);
        expect(failure.kind).to.equal(kind);
        expect(failure.message).to.match(
          /a host with this name is (listed as )?online in the collective mcollective/,
        );
      }
      expect(pings()[0]).to.deep.nested.include({ target: 'web1', 'options.collective': 'mcollective' });
    });
  }

  for (const [what, ours, theirs, isRefused] of [
    ['accepts one with which the node itself answers', 'k1', 'k1', false],
    ['refuses one with which another key answers', 'k1', 'k2', true],
    ['refuses one with which somebody answers without a key', 'k1', undefined, true],
    ['refuses one of a host that answers if the key of the node is not known', undefined, undefined, true],
  ] as const) {
    it(what, async () => {
      network.answers['rpcutil ping'] = () => (theirs === undefined ? {} : { key: theirs });
      const check = guard.check('web1', ours);
      if (isRefused) expect((await failureOf(check)).kind).to.equal('permanent');
      else await check;
    });
  }

  for (const [what, online, answerWithin] of [
    ['briefly for a host that the broker has not seen while it has seen others', { web2: true }, 0.3],
    ['longer if the broker tells of nobody', {}, 2],
    ['longer if the broker tells of nobody who is online', { web2: false }, 2],
    ['longer for a host that is online', { web1: true }, 2],
    ['longer for a host that went away', { web1: false, web2: true }, 2],
  ] as const) {
    it(`waits ${what}`, async () => {
      for (const [name, isOnline] of Object.entries(online)) network.online.set(name, isOnline);
      await guard.check('web1', undefined).catch(() => {});
      expect(pings()[0]?.options).to.include({ answerWithin });
    });
  }
});
