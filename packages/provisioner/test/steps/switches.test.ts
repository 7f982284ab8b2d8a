import { ActionError, defineAgent } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { cmdbDdl } from '../fixtures/cmdb-ddl.js';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };
const words = (steps: readonly { step: string; outcome: string }[]) =>
  steps.map(({ step, outcome }) => `${step} ${outcome}`);

describe('the steps', () => {
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
    await testbed.master('puppet1', eu);
  });
  afterEach(() => testbed.close());

  it('are those that are on', async () => {
    const watched = await testbed.provisioner(
      'steps: { set_puppet_hostname: true, puppet_final_run: true, puppet_daemonize: true, restart: false, verify: false }',
    );
    const { machine } = await testbed.node('web1', { facts: eu });
    const report = await watched.ended('web1');
    expect(words(report.steps)).to.deep.equal([
      'set_puppet_hostname ok',
      'puppet_final_run ok',
      'puppet_daemonize ok',
      'done ok',
    ]);
    expect(machine.isDaemonized).to.equal(true);
    expect(machine.record.token, 'no lease was taken').to.equal(0);
    expect(machine.record.isDisabled).to.equal(true);
  });

  it('leave nodes alone if all are off', async () => {
    const { machine } = await testbed.node('web1', { facts: eu });
    const watched = await testbed.provisioner('steps: { lock: false, notify: false }');
    // One that watched would have looked once by then.
    await watched.provisioner.idle();
    expect(watched.events).to.deep.equal([]);
    expect(machine.calls).to.deep.equal([]);
    expect(machine.record.isDisabled).to.equal(false);
  });

  it('are left out where their condition is not true of the node', async () => {
    const watched = await testbed.provisioner(
      [
        'step_settings:',
        '  puppet_bootstrap_stage: { condition: "role=new" }',
        '  puppet_final_run: { condition: "region=eu and provision().locked=true" }',
      ].join('\n'),
    );
    const { machine } = await testbed.node('web1', { facts: eu });
    const report = await watched.ended('web1');
    expect(machine.runs).to.deep.equal(['production']);
    const left = report.steps.find(({ step }) => step === 'puppet_bootstrap_stage');
    expect(left).to.include({
      outcome: 'skipped',
      reason: 'the node does not match the condition: role=new',
    });
  });

  it('have attempts of their own', async () => {
    const watched = await testbed.provisioner('step_settings: { puppet_bootstrap_stage: { attempts: 1 } }');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = () => {
      throw new Error('no');
    };
    expect((await watched.ended('web1')).failure).to.match(/^puppet_bootstrap_stage: /);
    expect(machine.runs).to.have.length(1);
  });

  it('end with their time', async () => {
    const watched = await testbed.provisioner(
      'attempts: 1\nstep_settings: { puppet_bootstrap_stage: { timeout: 0.3 } }',
    );
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = () => new Promise(() => {});
    expect((await watched.ended('web1')).failure).to.match(/did not finish within its timeout of 0.3 s/);
  });

  describe('of the site', () => {
    let calls: string[];
    let fault: string | undefined;

    beforeEach(async () => {
      calls = [];
      fault = undefined;
      const agent = defineAgent(cmdbDdl, () => ({
        register: ({ host, by }) => {
          calls.push(`${host} by ${by}`);
          if (fault !== undefined) throw new ActionError(fault);
          return {};
        },
      }));
      await testbed.host('cmdb1', { collective: 'mcollective', agents: [agent] });
    });

    const hook = (more: string) =>
      `attempts: 2\nhooks: [{ name: cmdb, agent: cmdb, action: register, input: { host: "{certname}", by: "{master}" }, ${more} }]`;

    for (const [place, before, after] of [
      ['after: sign_node_csr', 'sign_node_csr', 'puppet_bootstrap_stage'],
      ['before: lock', undefined, undefined],
      ['after: verify', 'verify', 'done'],
    ] as const) {
      if (before === undefined) continue;
      it(`are done ${place}`, async () => {
        const watched = await testbed.provisioner(hook(place));
        await testbed.node('web1', { facts: eu });
        const { steps } = await watched.ended('web1');
        const names = steps.map(({ step }) => step);
        expect(names.slice(names.indexOf('cmdb') - 1, names.indexOf('cmdb') + 2)).to.deep.equal([
          before,
          'cmdb',
          after,
        ]);
        expect(calls).to.deep.equal(['web1 by puppet1']);
      });
    }

    it('fail like other steps', async () => {
      fault = 'no such site';
      const watched = await testbed.provisioner(hook('after: sign_node_csr'));
      await testbed.node('web1', { facts: eu });
      expect((await watched.ended('web1')).failure).to.match(
        /^cmdb failed 2 times, last error: .*no such site/,
      );
    });

    it('may fail where they are optional', async () => {
      fault = 'no such site';
      const watched = await testbed.provisioner(hook('after: sign_node_csr, optional: true'));
      await testbed.node('web1', { facts: eu });
      const report = await watched.ended('web1');
      expect(report.outcome).to.equal('done');
      expect(words(report.steps)).to.include('cmdb skipped');
    });

    it('are asked of the node itself where it has the agent', async () => {
      const watched = await testbed.provisioner(hook('after: sign_node_csr, on: node, optional: true'));
      await testbed.node('web1', { facts: eu });
      const { steps } = await watched.ended('web1');
      expect(steps.find(({ step }) => step === 'cmdb')?.reason).to.match(
        /agent "cmdb" not found on this node|no DDL/,
      );
      expect(calls).to.deep.equal([]);
    });
  });
});
