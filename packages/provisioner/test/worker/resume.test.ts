import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };
const steps = [
  'lock',
  'set_puppet_hostname',
  'clean_node_certname',
  'send_node_csr',
  'sign_node_csr',
  'puppet_bootstrap_stage',
  'puppet_final_run',
  'restart',
  'verify',
  'done',
];

describe('a provisioner that is killed', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
  });
  afterEach(() => testbed.close());

  for (const step of steps) {
    for (const [when, record] of [
      [`when ${step} begins`, undefined],
      [`when ${step} is done and not on record yet`, step === 'restart' ? 'restart' : `record ${step} ok`],
    ] as const) {
      it(`${when}: the next one goes on, and nothing is done twice`, async () => {
        const { ca } = await testbed.master('puppet1', eu);
        let isKilled = false;
        const first = await testbed.provisioner('', {
          onEvent: (event) => {
            if (record === undefined && event.type === 'step-started' && event.step === step) kill();
          },
        });
        const kill = () => {
          isKilled = true;
          first.kill();
        };
        const { machine } = await testbed.node('web1', { facts: eu });
        machine.before = (action) => {
          if (action !== record || isKilled) return;
          kill();
          // What was killed before its answer came is not on record.
          if (step !== 'restart') throw new Error('the provisioner is gone');
        };
        await waitFor('the kill', () => isKilled, { intervalMs: 5 });
        machine.record.expire();
        const second = await testbed.provisioner();
        await second.event('done', 'web1');
        expect(machine.record.done).to.not.equal(null);
        expect(machine.record.lease).to.equal(null);
        expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
        expect(ca.log.filter((line) => line === 'sign web1')).to.have.length(1);
        expect(ca.log.at(-1)).to.equal('sign web1');
        expect(machine.record.quarantine).to.equal(null);
        expect(first.of('done')).to.have.length(0);
      });
    }
  }

  const telling = 'notify: { targets: ["mailto://ops@example.net"] }';
  for (const step of ['restart', 'verify', 'done', 'notify']) {
    it(`after the hand-over, when ${step} begins: people are told once, by the next one`, async () => {
      await testbed.master('puppet1', eu);
      await testbed.notifier('notifier1');
      let isKilled = false;
      const first = await testbed.provisioner(telling, {
        onEvent: (event) => {
          const isIt =
            event.type === 'step-started' ? event.step === step : step === 'notify' && event.type === 'done';
          if (isIt && !isKilled) kill();
        },
      });
      const kill = () => {
        isKilled = true;
        first.kill();
      };
      const { machine } = await testbed.node('web1', { facts: eu });
      await waitFor('the kill', () => isKilled, { intervalMs: 5 });
      machine.record.expire();
      const second = await testbed.provisioner(telling);
      await waitFor('the end of the notification', () => machine.record.outcomeOf('notify') === 'ok');
      expect(testbed.delivered).to.deep.equal(['mailto://ops@example.net: Provisioned web1 against puppet1']);
      expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
      expect(second.of('done')).to.have.length(1);
      await waitFor('the end of the lease', () => machine.record.lease === null);
      if (step !== 'notify') return;
      const third = await testbed.provisioner(telling);
      await third.provisioner.idle();
      expect(testbed.delivered).to.have.length(1);
      expect(third.of('done')).to.have.length(0);
    });
  }

  for (const [when, isTold, action, step] of [
    ['quarantine and notification', false, 'set_puppet_host', 'set_puppet_hostname'],
    ['notification and the note of it', true, 'set_puppet_host', 'set_puppet_hostname'],
    ['quarantine after the hand-over and notification', false, 'disable_provisioner', 'done'],
  ] as const) {
    it(`between ${when}: people are told by the next one, which leaves the quarantine as it is`, async () => {
      const { die } = await testbed.master('puppet1', eu);
      await testbed.notifier('notifier1');
      let isKilled = false;
      const first = await testbed.provisioner(`${telling}\nattempts: 1`, {
        onEvent: ({ type }) => {
          if (type === (isTold ? 'notified' : 'quarantined') && !isKilled) kill();
        },
      });
      const kill = () => {
        isKilled = true;
        first.kill();
      };
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.before = (each) => {
        if (each === action) throw new Error('out of luck');
      };
      await waitFor('the kill', () => isKilled, { intervalMs: 5 });
      const { record, calls } = machine;
      const { quarantine } = record;
      const done = [...calls];
      expect(quarantine?.reason.startsWith(`${step}: `)).to.equal(true);
      expect(record.lease).to.not.equal(null);
      expect(record.outcomeOf('notify')).to.equal('started');
      // The main collective is looked through seldom.
      const isHandedOver = step === 'done';
      if (isHandedOver) record.expire();
      // Neither a master nor a pause has to do with it.
      await die();
      const second = await testbed.provisioner(
        `${telling}\npause_file: ${import.meta.filename}\ntarget: { filter: "" }`,
      );
      if (!isHandedOver) {
        // While the lease lasts the first one might still be at it.
        expect((await second.event('left', 'web1')).reason).to.match(/^in quarantine since /);
        record.expire();
      }
      await waitFor('the end of the notification', () => record.outcomeOf('notify') === 'ok');
      await waitFor('the end of the lease', () => record.lease === null);
      expect(new Set(testbed.delivered)).to.have.all.keys('mailto://ops@example.net: Quarantined web1');
      expect(testbed.delivered).to.have.length(isTold ? 2 : 1);
      expect(new Set(testbed.messageIds)).to.have.property('size', 1);
      const report = await second.ended('web1');
      expect(report).to.deep.include({
        outcome: 'quarantined',
        failure: quarantine?.reason,
        master: 'puppet1',
      });
      expect(report.steps.find((each) => each.step === step)?.outcome).to.equal('failed');
      expect(record.quarantine).to.deep.equal(quarantine);
      expect(calls).to.deep.equal(done);
      const third = await testbed.provisioner(telling);
      await third.provisioner.idle();
      expect(third.of('quarantined')).to.have.length(0);
    });
  }

  it('after the hand-over: one that runs already goes on as soon as the lease ends, not at its next look', async () => {
    await testbed.master('puppet1', eu);
    let isKilled = false;
    const first = await testbed.provisioner('step_settings: { verify: { timeout: 1 } }', {
      onEvent: (event) => {
        if (event.type === 'step-started' && event.step === 'verify' && !isKilled) kill();
      },
    });
    const kill = () => {
      isKilled = true;
      first.kill();
    };
    const { machine } = await testbed.node('web1', { facts: eu });
    await waitFor('the kill', () => isKilled, { intervalMs: 5 });
    // Only its first look is soon enough.
    const second = await testbed.provisioner();
    const left = await second.event('left', 'web1');
    expect(left.reason).to.match(/holds its lease$/);
    expect(machine.record.lease).to.not.equal(null);
    await waitFor('the end', () => second.of('done', 'web1')[0], { timeoutSeconds: 40 });
  }).timeout(60_000);

  it('in the middle of a Puppet run: the next one attaches to it', async () => {
    await testbed.master('puppet1', eu);
    const first = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    let finish: (words: string) => void = () => {};
    machine.puppet = (stage) =>
      stage === 'production'
        ? 'it went well'
        : new Promise((resolve) => {
            finish = resolve;
          });
    await waitFor('the run', () => machine.runs.length === 1, { intervalMs: 5 });
    first.kill();
    machine.record.expire();
    const second = await testbed.provisioner();
    await second.event('begun', 'web1');
    expect(second.of('begun')[0]?.resumedAt).to.equal('puppet_bootstrap_stage');
    finish('it went well at last');
    const report = await second.ended('web1');
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
    const run = report.steps.find(({ step }) => step === 'puppet_bootstrap_stage');
    expect(run?.reason).to.equal('attached to a run in progress: it went well at last');
    // What the first one did is in the report of the second.
    expect(report.steps.map(({ step }) => step)).to.include.members(['set_puppet_hostname', 'sign_node_csr']);
    expect(report.csrFingerprintSigned).to.equal(report.csrFingerprintReported);
  });
});

describe('a provisioner that has lost its lease', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
  });
  afterEach(() => testbed.close());

  it('does nothing more, and what it asks for is refused', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('sleeptime: 60');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.before = (action) => {
      if (action !== 'request_certificate' || machine.record.lease?.owner === 'another') return;
      machine.record.expire();
      machine.record.lock('another', 60);
    };
    const left = await watched.event('left', 'web1');
    expect(left.reason).to.match(/lost the lease of web1/);
    expect(machine.calls).to.not.include('request_certificate');
    expect(ca.log).to.deep.equal(['clean web1']);
    expect(machine.record.lease?.owner).to.equal('another');
    expect(watched.of('quarantined')).to.have.length(0);
  });

  it('does not touch the CA', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('sleeptime: 60');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.before = (action) => {
      if (action !== 'record sign_node_csr started') return;
      // The record is taken, and then another one is faster.
      setImmediate(() => {
        machine.record.expire();
        machine.record.lock('another', 60);
      });
    };
    await watched.event('left', 'web1');
    expect(ca.log).to.deep.equal(['clean web1']);
  });

  it('hears of it while it waits for a run', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('lease: 5');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = () => new Promise(() => {});
    await waitFor('the run', () => machine.runs.length === 1);
    machine.record.expire();
    machine.record.lock('another', 60);
    const left = await watched.event('left', 'web1');
    expect(left.reason).to.match(/stale/);
  });

  it('renews the lease as long as it works', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('lease: 5');
    const { machine } = await testbed.node('web1', { facts: eu });
    let renewals = 0;
    let finish: (words: string) => void = () => {};
    machine.before = (action) => {
      if (action === 'renew') renewals += 1;
      if (renewals === 2) finish('it went well');
    };
    machine.puppet = (stage) =>
      stage === 'production'
        ? 'it went well'
        : new Promise((resolve) => {
            renewals = 0;
            finish = resolve;
          });
    await waitFor('the end', () => watched.of('done')[0], { timeoutSeconds: 14 });
    expect(renewals).to.be.greaterThan(1);
  }).timeout(15_000);
});
