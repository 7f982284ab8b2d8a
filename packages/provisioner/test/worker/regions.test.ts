import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { FakeCa } from '../fixtures/fake-ca.js';
import { type Host, Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu-west-1' };
const us = { region: 'us-east-1' };

describe('a provisioning in two regions', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  let europe: Host & { readonly ca: FakeCa };
  let america: Host & { readonly ca: FakeCa };
  beforeEach(async () => {
    testbed = await Testbed.create();
    europe = await testbed.master('puppet-eu', eu);
    america = await testbed.master('puppet-us', us);
  });
  afterEach(() => testbed.close());

  const provisioner = (fallback: number, more = '') =>
    testbed.provisioner(`master: { criteria: [region], fallback: ${fallback} }\n${more}`);
  const back = () =>
    testbed.host('puppet-eu', { collective: 'mcollective', agents: [europe.ca.agent()], facts: eu });
  const held = ({ ca }: { ca: FakeCa }) => [...ca.entries].map(([name, { state }]) => `${name} ${state}`);

  it('keeps its nodes in their region if their master restarts in the middle, and those that arrive meanwhile', async () => {
    const watched = await provisioner(60);
    const nodes = await Promise.all(['web1', 'web2'].map((name) => testbed.node(name, { facts: eu })));
    for (const { machine } of nodes)
      machine.puppet = async () => {
        await europe.die();
        throw new Error('connection refused');
      };
    for (const { identity } of nodes) {
      const { reason } = await watched.event('waiting', identity);
      expect(reason).to.match(
        /puppet-eu has not replied since|the CA of its master puppet-eu does not reply/,
      );
    }
    await testbed.node('web3', { facts: eu });
    const { reason } = await watched.event('waiting', 'web3');
    expect(reason).to.match(
      /^region eu-west-1 matches, but puppet-eu has not replied since .*; it gets another master if that lasts until .* \(master.fallback\)$/,
    );
    expect(watched.provisioner.mastersAway().map(({ identity }) => identity)).to.deep.equal(['puppet-eu']);
    for (const { machine } of nodes) machine.puppet = () => 'it went well';
    await back();
    for (const name of ['web1', 'web2', 'web3'])
      expect(await watched.ended(name)).to.include({ outcome: 'done', master: 'puppet-eu' });
    expect(held(europe)).to.have.members(['web1 signed', 'web2 signed', 'web3 signed']);
    expect(held(america)).to.deep.equal([]);
    expect([watched.provisioner.mastersAway(), watched.provisioner.debts()]).to.deep.equal([[], []]);
  });

  it('cleans a CA that compile masters share once, and owes nothing if one of them is away', async () => {
    const second = await testbed.host('puppet-eu2', {
      collective: 'mcollective',
      agents: [europe.ca.agent()],
      facts: eu,
    });
    const watched = await provisioner(60);
    await testbed.node('web1', { facts: eu });
    expect((await watched.ended('web1')).reason).to.equal(
      'region eu-west-1 matches, the least loaded of 2 masters there',
    );
    expect(europe.ca.log).to.deep.equal(['clean web1', 'sign web1']);
    await second.die();
    await testbed.node('web2', { facts: eu });
    expect(await watched.ended('web2')).to.include({ outcome: 'done', master: 'puppet-eu' });
    expect(europe.ca.log.slice(2)).to.deep.equal(['clean web2', 'sign web2']);
    expect(watched.provisioner.debts()).to.deep.equal([]);
  });

  it('owes the cleaning of a master that stays away, over a restart, and leaves no certificate valid elsewhere', async () => {
    const journal = `journal: ${testbed.path('kept.journal')}`;
    const watched = await provisioner(0.3, journal);
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = async () => {
      await europe.die();
      machine.puppet = () => 'it went well';
      throw new Error('connection refused');
    };
    expect(await watched.ended('web1')).to.include({ outcome: 'done', master: 'puppet-us' });
    expect([held(europe), held(america)]).to.deep.equal([['web1 signed'], ['web1 signed']]);
    const cleaning = machine.record.history.filter(
      ({ step, outcome }) => step === 'clean_node_certname' && outcome === 'ok',
    );
    expect(cleaning.at(-1)?.reason).to.match(
      /^no CA of puppet-us had .*; not cleaned yet, and owed to puppet-eu: puppet-eu has not replied since/,
    );
    expect(watched.provisioner.debts()).to.have.length(1);
    await watched.provisioner.stop();

    const second = await provisioner(0.3, journal);
    expect(second.provisioner.debts()[0]).to.include({ certname: 'web1', master: 'puppet-eu' });
    await back();
    const { master } = await second.event('debt-settled', 'web1');
    expect(master).to.equal('puppet-eu');
    expect([held(europe), held(america)]).to.deep.equal([[], ['web1 signed']]);
    await waitFor('no debt', () => second.provisioner.debts().length === 0);
  });
});
