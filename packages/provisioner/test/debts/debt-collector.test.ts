import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { DebtCollector } from '../../src/debts/debt-collector.js';
import { Debts } from '../../src/debts/debts.js';
import { Events } from '../../src/events/events.js';
import { type ProvisionEvent, parseProvisionerConfig } from '../../src/index.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';
import { Masters } from '../../src/master/masters.js';
import { infoOf } from '../fixtures/step-context.js';
import { type Answer, ends, StubNetwork, says } from '../fixtures/stub-network.js';

const certname = 'web1.example.net';
const debt = { certname, identity: 'web1', master: 'puppet1', ca: 'ab', since: 0, reason: 'it was away' };

for (const isSecure of [true, false]) {
  describe(`the collector of debts, ${isSecure ? 'with' : 'without'} certificates`, () => {
    let network: StubNetwork;
    let debts: Debts;
    let events: ProvisionEvent[];
    let inProgress: string[];
    let masters: Masters;
    beforeEach(async () => {
      network = new StubNetwork({ isSecure });
      network.nodes = ['puppet1'];
      network.answers['puppetca info'] = ({ target }) =>
        target === 'puppet7' ? { state: 'offline' } : { data: infoOf(target) };
      network.answers['puppetca status'] = says({ state: 'signed', fingerprint: 'AA:BB' });
      network.answers['puppetca clean'] = says({ deleted: true, out: 'Cleaned' });
      uses('CC:DD');
      masters = new Masters(network.peers, parseProvisionerConfig('').master, silentLogger);
      await masters.list();
      masters.missed('puppet7');
      network.asked.length = 0;
      network.discoveries.length = 0;
      debts = new Debts(PendingJournal.inMemory(silentLogger));
      debts.add(debt);
      events = [];
      inProgress = [];
    });

    const uses = (fingerprint: string, name = certname) => {
      network.answers['rpcutil ping'] = () => ({ key: fingerprint });
      network.answers['provision has_cert'] = says({ usable: true, fingerprint });
      network.proofs.set(fingerprint, { vouchedBy: 'ca', name });
    };
    const collect = async () => {
      const heard = new Events(silentLogger);
      heard.on((event) => events.push(event));
      masters.forget();
      await new DebtCollector({
        debts,
        peers: network.peers,
        masters,
        events: heard,
        log: silentLogger,
        isInProgress: (identity) => inProgress.includes(identity),
        signal: new AbortController().signal,
      }).collect();
      return network.of('puppetca clean').map(({ target, input }) => [target, input]);
    };
    const answer = (what: string, given: Answer) => {
      network.answers[what] = given;
    };
    const finds = (nodes: readonly string[]) => {
      network.nodes = nodes;
    };
    const settled = () => events.map((event) => (event.type === 'debt-settled' ? event.reason : event.type));

    it('cleans the CA of exactly that certificate, if the host uses another one', async () => {
      expect(await collect()).to.deep.equal([['puppet1', { certname, fingerprint: 'AA:BB' }]]);
      expect(debts.size).to.equal(0);
      expect(events[0]).to.include({
        type: 'debt-settled',
        identity: 'web1',
        certname,
        master: 'puppet1',
        reason: 'Cleaned',
      });
    });

    it('cleans nothing if the host uses this certificate, and the debt is settled', async () => {
      uses('aa:bb');
      expect(await collect()).to.deep.equal([]);
      expect([debts.size, settled()]).to.deep.equal([0, ['it is the certificate that the host uses']]);
    });

    it('cleans nothing if the CA has nothing, and the debt is settled', async () => {
      network.answers['puppetca status'] = says({ state: 'missing' });
      expect(await collect()).to.deep.equal([]);
      expect([debts.size, settled()]).to.deep.equal([
        0,
        ['the CA has no certificate or CSR under this name'],
      ]);
    });

    for (const [what, change] of [
      [
        'the master is still away',
        () => {
          finds([]);
          answer('puppetca info', ends('offline'));
        },
      ],
      ['its CA does not say what it holds', () => answer('puppetca status', ends('failed'))],
      ['the CA refuses to clean', () => answer('puppetca clean', ends('failed'))],
      [
        'the host does not reply',
        () => {
          network.answers['rpcutil ping'] = ends('offline');
          network.answers['provision has_cert'] = ends('offline');
        },
      ],
      ['this provisioner works on the node', () => inProgress.push('web1')],
    ] as const) {
      it(`keeps the debt if ${what}`, async () => {
        change();
        await collect();
        expect([debts.size, events]).to.deep.equal([1, []]);
        if (what !== 'the CA refuses to clean') expect(network.of('puppetca clean')).to.deep.equal([]);
      });
    }

    if (isSecure)
      it('keeps the debt if a host with the certificate of another name replies', async () => {
        uses('CC:DD', 'web9.example.net');
        expect([await collect(), debts.size]).to.deep.equal([[], 1]);
      });

    it('uses any master of the same CA, or the one with the name if the CA is not known', async () => {
      debts.settle(debt);
      debts.add({ ...debt, master: 'puppet7' });
      const { ca, ...unknown } = debt;
      debts.add({ ...unknown, certname: 'web2.example.net' });
      debts.add({ ...unknown, certname: 'web3.example.net', master: 'puppet7' });
      network.answers['rpcutil ping'] = ({ target }) => ({ key: `key of ${target}` });
      for (const name of ['web1', 'web2', 'web3'].map((short) => `${short}.example.net`))
        network.proofs.set(`key of ${name}`, { vouchedBy: 'ca', name });
      expect((await collect()).map(([, input]) => (input as { certname: string }).certname)).to.deep.equal([
        'web1.example.net',
        'web2.example.net',
      ]);
      expect(debts.list().map((left) => left.certname)).to.deep.equal(['web3.example.net']);
    });

    it('writes off what is owed to a host that is not a master any more', async () => {
      debts.settle(debt);
      debts.add({ ...debt, master: 'puppet9', ca: 'of puppet9' });
      expect(await collect()).to.deep.equal([]);
      expect([debts.size, settled()]).to.deep.equal([
        0,
        ['it is not a master any more, or was not seen for 30 days: its CA was not cleaned'],
      ]);
    });

    it('uses the master itself if its CA has another certificate by now', async () => {
      debts.settle(debt);
      debts.add({ ...debt, ca: 'the one before' });
      expect((await collect()).map(([target]) => target)).to.deep.equal(['puppet1']);
      expect(debts.size).to.equal(0);
    });

    it('asks nobody if nothing is owed', async () => {
      debts.settle(debt);
      await collect();
      expect([network.asked, network.discoveries]).to.deep.equal([[], []]);
    });
  });
}
