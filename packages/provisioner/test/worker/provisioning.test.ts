import { ActionError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ProvisionEvent } from '../../src/index.js';
import { fingerprintOf } from '../fixtures/fake-ca.js';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };
const us = { region: 'us', country: 'us' };
const words = (steps: readonly { step: string; outcome: string }[]) =>
  steps.map(({ step, outcome }) => `${step} ${outcome}`);

describe('a provisioning', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
  });
  afterEach(() => testbed.close());

  it('takes a node that arrives from nothing to done', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const other = await testbed.master('puppet2', us);
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: { region: 'fr', country: 'de' } });
    machine.puppet = (stage, { progress }) => {
      progress(`Notice: ${stage}`);
      return 'it went well';
    };
    const report = await watched.ended('web1');
    expect(words(report.steps)).to.deep.equal([
      'lock ok',
      'set_puppet_hostname ok',
      'clean_node_certname ok',
      'send_node_csr ok',
      'sign_node_csr ok',
      'puppet_bootstrap_stage ok',
      'puppet_final_run ok',
      'restart ok',
      'verify ok',
      'done ok',
    ]);
    expect(report).to.include({
      outcome: 'done',
      certname: 'web1',
      master: 'puppet1',
      reason: 'no master with region fr; country de matches',
      csrFingerprintSigned: report.csrFingerprintReported,
      certificateFingerprint: ca.certificateOf('web1'),
    });
    expect(ca.entries.get('web1')).to.deep.equal({ state: 'signed', csr: report.csrFingerprintReported });
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
    expect([ca.log, other.ca.log]).to.deep.equal([['clean web1', 'sign web1'], ['clean web1']]);
    const { record } = machine;
    expect(record.master).to.include({ identity: 'puppet1', address: ca.address, reason: report.reason });
    expect([record.lease, record.isDisabled, record.step]).to.deep.equal([null, true, 'done']);
  });

  it('tells what happens as it happens', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('steps: { lock: true, puppet_bootstrap_stage: true }');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = (_, { progress }) => {
      progress('Notice: applied');
      return 'it went well';
    };
    await watched.ended('web1');
    const told = watched.of('arrived')[0]?.time ?? 0;
    expect(told).to.be.closeTo(Date.now(), 60_000);
    const short = ({ type, ...rest }: ProvisionEvent) =>
      [type, 'step' in rest ? rest.step : '', 'outcome' in rest ? rest.outcome : ''].join(' ').trim();
    expect(watched.events.map(short)).to.deep.equal([
      'arrived',
      'step-started lock',
      'step-ended lock ok',
      'begun',
      'master',
      'step-started puppet_bootstrap_stage',
      'output puppet_bootstrap_stage',
      'step-ended puppet_bootstrap_stage ok',
      'step-started done',
      'step-ended done ok',
      'done',
    ]);
    expect(watched.of('output')[0]?.text).to.equal('Notice: applied');
    expect(watched.of('master')[0]).to.include({ master: 'puppet1', reason: 'region eu matches' });
  });

  it('counts the seconds of Puppet apart', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    await testbed.node('web1', { facts: eu });
    const { seconds, secondsOutsidePuppet } = await watched.ended('web1');
    // The fake runs say that they took a hundredth of a second each.
    expect(seconds - secondsOutsidePuppet).to.be.closeTo(0.02, 1e-6);
  });

  it('leaves out what has to do with certificates where the node has a good one of its master', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine, die } = await testbed.node('web1', { facts: eu, handOver: null });
    await die();
    machine.giveCertificate(ca);
    const held = ca.certificateOf('web1');
    await testbed.enrol(machine, 'web1', { facts: eu });
    const report = await watched.ended('web1');
    expect(words(report.steps)).to.include.members([
      'clean_node_certname skipped',
      'send_node_csr skipped',
      'sign_node_csr skipped',
      'puppet_bootstrap_stage ok',
    ]);
    expect(ca.log).to.deep.equal([]);
    expect(report.certificateFingerprint).to.equal(held);
    expect(machine.calls).to.not.include('request_certificate');
  });

  it('replaces a certificate of another CA, and cleans it there', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const other = await testbed.master('puppet2', us);
    const watched = await testbed.provisioner('sleeptime: 60');
    const { machine, die } = await testbed.node('web1', { facts: eu, handOver: null });
    await die();
    machine.giveCertificate(other.ca);
    await testbed.enrol(machine, 'web1', { facts: eu });
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(other.ca.entries.has('web1')).to.equal(false);
    expect(ca.entries.get('web1')?.state).to.equal('signed');
  });

  it('asks the CA for the name that Puppet uses for the node', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    await testbed.node('web1', { facts: eu, certname: 'web1.example.net' });
    const report = await watched.ended('web1');
    expect(report).to.include({ outcome: 'done', certname: 'web1.example.net' });
    expect(ca.log).to.deep.equal(['clean web1.example.net', 'sign web1.example.net']);
  });

  describe('a CSR that somebody else made', () => {
    const theirs = fingerprintOf('somebody else');

    it('is not signed when it is there before that of the node', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner();
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.before = (action) => {
        if (action === 'request_certificate') ca.entries.set('web1', { state: 'requested', csr: theirs });
      };
      const report = await watched.ended('web1');
      expect(report.outcome).to.equal('quarantined');
      expect(report.failure)
        .to.match(/a CSR for web1 that this node did not make/)
        .and.to.contain(theirs);
      expect(machine.record.quarantine?.reason).to.equal(report.failure);
      expect(ca.entries.get('web1')).to.deep.equal({ state: 'requested', csr: theirs });
      expect(ca.log).to.deep.equal(['clean web1']);
      expect(machine.runs).to.deep.equal([]);
      expect(machine.record.lease).to.equal(null);
    });

    it('is not signed when it takes the place of that of the node', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner();
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.before = (action) => {
        if (action === 'record send_node_csr ok') ca.entries.set('web1', { state: 'requested', csr: theirs });
      };
      const report = await watched.ended('web1');
      expect(report.failure).to.match(/nothing was signed/);
      expect(ca.log).to.deep.equal(['clean web1']);
      expect(machine.calls.filter((call) => call === 'request_certificate')).to.have.length(1);
    });

    it('is not signed if it arrives between the check and the signature', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner();
      await testbed.node('web1', { facts: eu });
      ca.before = (action) => {
        if (action === 'sign') ca.entries.set('web1', { state: 'requested', csr: theirs });
      };
      const report = await watched.ended('web1');
      expect(report.failure).to.match(/that this node did not make/);
      expect(ca.entries.get('web1')?.state).to.equal('requested');
    });

    it('costs the node a new attempt from the start when it was signed by somebody', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner();
      const { machine } = await testbed.node('web1', { facts: eu });
      let isFirst = true;
      machine.before = (action) => {
        if (action === 'request_certificate' && isFirst) ca.sign('web1', theirs);
        if (action === 'request_certificate') isFirst = false;
      };
      const report = await watched.ended('web1');
      expect(report.outcome).to.equal('done');
      expect(ca.log).to.deep.equal(['clean web1', 'clean web1', 'sign web1']);
      expect(report.csrFingerprintSigned).to.not.equal(theirs);
    });
  });

  it('accepts that the CA signed already where the node confirms that the certificate is of its key', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.before = (action) => {
      const held = ca.entries.get('web1');
      if (action === 'record send_node_csr ok' && held) ca.sign('web1', held.csr);
    };
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('done');
    expect(report.steps.find(({ step }) => step === 'sign_node_csr')?.reason).to.match(/already signed/);
    expect(machine.calls.filter((call) => call === 'request_certificate')).to.have.length(2);
  });

  describe('a name that is not the node’s to have', () => {
    const refusalOf = async (yaml = '') => {
      const watched = await testbed.provisioner(yaml);
      const { machine } = await testbed.node('web1', { facts: eu, certname: 'db1' });
      const report = await watched.ended('web1');
      expect(report.outcome).to.equal('quarantined');
      expect(machine.calls).to.not.include('request_certificate');
      return report.failure;
    };

    it('is refused when a host with this name is online', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      ca.sign('db1', fingerprintOf('the real one'));
      await testbed.host('db1', { collective: 'mcollective' });
      expect(await refusalOf()).to.match(/the name db1 is refused: a host with this name is online/);
      expect(ca.log).to.deep.equal([]);
    });

    it('is refused when the host seems to be alive and does not answer, once that has not changed', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      await testbed.host('db1', { collective: 'mcollective', isUnresponsive: true });
      expect(await refusalOf('attempts: 1')).to.match(/is listed as online .* but does not reply/);
      expect(ca.log).to.deep.equal([]);
    });

    it('is refused when it is protected', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      expect(await refusalOf("protected: ['/^db/']")).to.match(/protected by the configuration/);
      expect(ca.log).to.deep.equal([]);
    });

    it('is refused when it is that of a master, also of one that is away', async () => {
      await testbed.master('puppet1', eu);
      const away = await testbed.master('db1', us);
      const watched = await testbed.provisioner();
      await watched.provisioner.masters();
      await away.die();
      await testbed.node('web1', { facts: eu, certname: 'db1' });
      expect((await watched.ended('web1')).failure).to.match(/it is the name of a Puppet server/);
    });
  });

  it('puts a node aside when another machine answers under its name', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('', { pinKeys: true });
    const { machine, die } = await testbed.node('web1', { facts: eu, handOver: null });
    machine.puppet = async () => {
      // In this security mode a daemon has a new key at each start.
      await die();
      await testbed.enrol(machine, 'web1', { facts: eu });
      return 'too late';
    };
    const report = await watched.ended('web1');
    expect(report.failure).to.match(/another machine replies under the name web1/);
    expect(watched.of('quarantined')[0]?.recorded).to.equal(true);
    expect(machine.record.quarantine?.reason).to.match(/another machine/);
  });

  it('retries a step, and quarantines the node with the reason after the last attempt', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = () => {
      throw new Error('Evaluation Error: no such class');
    };
    const report = await watched.ended('web1');
    expect(report.failure).to.match(/^puppet_bootstrap_stage failed 3 times, last error: .*no such class/);
    expect(machine.runs).to.deep.equal(['bootstrap', 'bootstrap', 'bootstrap']);
    expect(watched.of('waiting')).to.have.length(2);
    expect(machine.record.quarantine?.reason).to.equal(report.failure);
    expect(machine.record.lease).to.equal(null);
    expect(machine.record.isDisabled).to.equal(false);
  });

  it('continues at the step that failed, and resets its failures when it succeeds', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    let left = 2;
    machine.puppet = () => {
      left -= 1;
      if (left >= 0) throw new Error('not yet');
      return 'it went well';
    };
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('done');
    expect(machine.runs).to.deep.equal(['bootstrap', 'bootstrap', 'bootstrap', 'production']);
    expect(ca.log).to.deep.equal(['clean web1', 'sign web1']);
    expect(words(report.steps)).to.include('sign_node_csr ok');
  });

  for (const step of ['clean_node_certname', 'sign_node_csr']) {
    it(`waits for its master if that goes offline as ${step} begins`, async () => {
      const first = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner();
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.before = async (action) => {
        if (action === `record ${step} started`) await first.die();
      };
      const { reason } = await watched.event('waiting', 'web1');
      expect(reason).to.match(
        /^puppetca status on puppet1: .*; the CA of its master puppet1 does not reply$/,
      );
      expect(watched.of('step-ended', 'web1').at(-1)).to.include({ step, outcome: 'master-away' });
      machine.before = () => {};
      await testbed.host('puppet1', { collective: 'mcollective', agents: [first.ca.agent()], facts: eu });
      expect(await watched.ended('web1')).to.include({ outcome: 'done', master: 'puppet1' });
    });
  }

  it('does not count a run that failed while its master was away', async () => {
    const first = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('attempts: 2');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = async () => {
      await first.die();
      throw new Error('connection refused');
    };
    await watched.event('waiting', 'web1');
    expect(watched.of('step-ended', 'web1').at(-1)).to.include({ outcome: 'master-away' });
    expect(machine.record.history.at(-1)).to.include({ outcome: 'master-away' });
    expect(machine.record.quarantine).to.equal(null);
  });

  for (const step of ['clean_node_certname', 'send_node_csr', 'sign_node_csr']) {
    it(`does not count a failure of ${step} while the CA of its master is away, however long`, async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const watched = await testbed.provisioner('attempts: 1');
      let isAway = true;
      ca.before = (action) => {
        const isIt = step.startsWith(action) || action === 'info';
        if (isAway && isIt && isBegun) throw new ActionError('the connection was refused');
      };
      let isBegun = false;
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.before = (action) => {
        if (action === `record ${step} started`) isBegun = true;
        if (isAway && action === 'request_certificate' && step === 'send_node_csr')
          throw new ActionError('the connection was refused: does the Puppet server run there?');
      };
      await watched.event('waiting', 'web1');
      const ends = watched.of('step-ended', 'web1').filter((event) => event.step === step);
      expect(ends.map(({ outcome }) => outcome))
        .to.include('master-away')
        .and.not.include('failed');
      isAway = false;
      expect((await watched.ended('web1')).outcome).to.equal('done');
    });
  }

  it('begins anew with another master where the first one stays away', async () => {
    const first = await testbed.master('puppet1', eu);
    const second = await testbed.master('puppet2', us);
    const watched = await testbed.provisioner('master: { criteria: [region, country], fallback: 0.5 }');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = async () => {
      await first.die();
      machine.puppet = () => 'it went well';
      throw new Error('connection refused');
    };
    const report = await watched.ended('web1');
    expect(report).to.include({ outcome: 'done', master: 'puppet2' });
    expect(report.reason).to.match(
      /^its previous master puppet1 has not replied since [^;]+; no master with region eu that replies: puppet1 has not/,
    );
    expect(second.ca.log).to.deep.equal(['clean web1', 'clean web1', 'sign web1']);
    expect(machine.record.master).to.include({ identity: 'puppet2' });
    expect(machine.record.history.filter(({ outcome }) => outcome === 'void')).to.not.have.length(0);
  });

  it('tells when a node does not come back, and puts it aside as far as it can', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('step_settings: { verify: { timeout: 0.5 } }');
    await testbed.node('web1', { facts: eu, handOver: null });
    const report = await watched.ended('web1');
    expect(report.failure).to.match(/^verify: the node did not come back within 0.5 s/);
    expect(watched.of('quarantined')[0]?.recorded).to.equal(false);
  });

  it('puts a node aside that comes back to where it was', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('step_settings: { verify: { timeout: 0.5 } }');
    const { machine } = await testbed.node('web1', { facts: eu, handOver: 'provisioning' });
    const report = await watched.ended('web1');
    expect(report.failure).to.match(/did not come back/);
    expect(machine.record.quarantine?.reason).to.equal(report.failure);
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
  });

  it('is done if the final configuration has no provision agent', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    await testbed.node('web1', { facts: eu, keepsAgent: false });
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('done');
    expect(report.steps.at(-1)).to.include({ step: 'done', outcome: 'ok' });
    expect(report.steps.at(-1)?.reason).to.match(/the final configuration removed the provision agent/);
  });

  it('works in a network with one collective for all, as in 2010', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('collectives: { enrolment: provisioning, main: provisioning }');
    await watched.provisioner.stop();
    const { ca } = await testbed.master('puppet2', eu);
    await testbed.host('puppet3', { collective: 'provisioning', agents: [ca.agent()], facts: eu });
    const second = await testbed.provisioner('collectives: { enrolment: provisioning, main: provisioning }');
    const { machine } = await testbed.node('web1', { facts: eu, handOver: 'provisioning' });
    expect(await second.ended('web1')).to.include({ outcome: 'done', master: 'puppet3' });
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
  });
});
