import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { fingerprintOf } from '../fixtures/fake-ca.js';
import { FakeNode } from '../fixtures/fake-node.js';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };

describe('in a network with certificates and enrolment tokens, a provisioning', () => {
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create({ isSecure: true });
    // Made before they are needed, so that the fake CA can tell their fingerprints.
    await testbed.security.ofHost('web1', 'mcollective');
  });
  afterEach(() => testbed.close());

  it('is done when the node is back with the certificate that its CA stands by', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('done');
    expect(report.certificateFingerprint).to.equal(ca.certificateOf('web1'));
    const verified = report.steps.find(({ step }) => step === 'verify');
    expect(verified?.reason).to.match(/with its new certificate/);
    expect([machine.record.isDisabled, machine.record.lease]).to.deep.equal([true, null]);
  });

  it('is not done when whoever is back has another certificate', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('step_settings: { verify: { timeout: 1.5 } }');
    const { machine } = await testbed.node('web1', { facts: eu });
    const real = ca.certificateOf.bind(ca);
    machine.before = (action) => {
      if (action === 'restart') ca.certificateOf = (name) => real(name) && fingerprintOf('another one');
    };
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('quarantined');
    expect(report.failure).to.match(/certificate mismatch: \S+ replies in the collective mcollective with /);
  });

  it('ends when another machine with the same token takes the name', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine, die } = await testbed.node('web1', { facts: eu, handOver: null });
    machine.before = async (action) => {
      if (action !== 'record send_node_csr started') return;
      machine.before = () => {};
      await die();
      // Another state folder, so another enrolment key.
      await testbed.enrol(machine, 'web1', { facts: eu });
    };
    const report = await watched.ended('web1');
    expect(report.failure).to.match(/another machine replies under the name web1/);
    expect(ca.log).to.deep.equal(['clean web1']);
    expect(machine.record.quarantine?.reason).to.match(/another machine/);
  });

  for (const [when, signed] of [
    ['record send_node_csr started', false],
    ['record sign_node_csr started', false],
    ['record puppet_bootstrap_stage started', true],
  ] as const) {
    it(`is not taken over by a machine that replies first under the same name, from ${when.split(' ')[1]} on`, async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner();
      const thief = new FakeNode('web1', (address) => testbed.cas.get(address));
      const { machine } = await testbed.node('web1', { facts: eu, handOver: null });
      machine.before = async (action) => {
        if (action !== when) return;
        // It has the same token, and obeys whoever asks.
        thief.record.check = () => {};
        await testbed.enrol(thief, 'web1', { facts: eu, handOver: null });
        // From here on the true one is slower at everything.
        const replied = new Set<string>();
        thief.before = (name) => void replied.add(name);
        machine.before = (name) => waitFor(`the thief to do ${name}`, () => replied.has(name)).then(() => {});
      };
      const report = await watched.ended('web1');
      expect(report.outcome).to.equal('quarantined');
      expect(report.failure).to.match(/another machine replies under the name web1/);
      expect(ca.log.some((line) => line.startsWith('sign'))).to.equal(signed);
    });
  }
});
