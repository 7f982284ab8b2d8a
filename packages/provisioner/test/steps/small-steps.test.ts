import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import { done } from '../../src/steps/done.js';
import { lock } from '../../src/steps/lock.js';
import { attributed } from '../../src/steps/master-away.js';
import { puppetDaemonize } from '../../src/steps/puppet-daemonize.js';
import { puppetBootstrapStage, puppetFinalRun } from '../../src/steps/puppet-run.js';
import { restart } from '../../src/steps/restart.js';
import { setPuppetHostname } from '../../src/steps/set-puppet-hostname.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubContext } from '../fixtures/step-context.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

describe('the step', () => {
  let network: StubNetwork;
  let context: StubContext;
  beforeEach(() => {
    network = new StubNetwork();
    context = new StubContext(network);
    context.session.node = nodeOf(network, { token: 7 });
  });

  describe('lock', () => {
    it('takes the lease for as long as the configuration says, under the name of the provisioner', async () => {
      context = new StubContext(network, 'lease: 90');
      network.answers['provision lock_deploy'] = says({ token: 8 });
      expect(await lock.run(context)).to.deep.equal({ outcome: 'ok' });
      expect(network.asked[0]?.input).to.deep.equal({ owner: 'prov/1', seconds: 90 });
      expect(context.session.node.token).to.equal(8);
      context.session.lease?.stop();
    });

    it('takes the lease of a node in quarantine to notify people', async () => {
      Object.assign(context.session, { isQuarantined: true });
      await lock.run(context);
      expect(network.asked[0]?.input).to.include({ notify: true });
      context.session.lease?.stop();
    });

    for (const [state, kind, what, status] of [
      ['failed', 'lost', 'another provisioner has the lease', { lease: { owner: 'prov/2' } }],
      ['failed', 'lost', 'it was quarantined meanwhile', { quarantine: { reason: 'no' } }],
      ['failed', 'failed', 'nobody else has it, as with a full disk', {}],
      ['no-reply', 'unreachable', 'it is silent', {}],
    ] as const) {
      it(`ends as ${kind} if the node answers with ${state}: ${what}`, async () => {
        network.answers['provision status'] = says(status);
        network.answers['provision lock_deploy'] = ends(state, 'prov/2 holds the lease');
        const failure = await failureOf(lock.run(context));
        expect(failure).to.include({ kind, message: 'lock_deploy on web1: prov/2 holds the lease' });
        expect(context.session.lease).to.equal(undefined);
      });
    }

    it('passes on what is no failure of a step', async () => {
      const defect = new TypeError('a defect');
      network.answers['provision lock_deploy'] = () => Promise.reject(defect);
      expect(await lock.run(context).catch((error: unknown) => error)).to.equal(defect);
    });
  });

  describe('set_puppet_hostname', () => {
    for (const [data, reason] of [
      [{ file: '/etc/hosts', how: 'replaced' }, '192.0.2.1 in /etc/hosts (replaced)'],
      [{}, '192.0.2.1 in the node (done)'],
    ] as const) {
      it(`gives the node the address of its master: ${reason}`, async () => {
        network.answers['provision set_puppet_host'] = says(data);
        expect(await setPuppetHostname.run(context)).to.deep.equal({ outcome: 'ok', reason });
        expect(network.asked[0]?.input).to.deep.equal({
          ipaddress: '192.0.2.1',
          master: 'puppet1',
          reason: 'the only master',
          token: 7,
        });
      });
    }
  });

  for (const [step, name, action] of [
    [puppetBootstrapStage, 'puppet_bootstrap_stage', 'bootstrap_puppet'],
    [puppetFinalRun, 'puppet_final_run', 'run_puppet'],
  ] as const) {
    describe(name, () => {
      const what = `provision ${action}`;

      for (const [words, data, expected] of [
        [
          'a run that went well',
          { run: 'r1', seconds: 3, reason: 'changed' },
          { outcome: 'ok', reason: 'changed', run: 'r1', runSeconds: 3 },
        ],
        [
          'a run that went on already',
          { run: 'r1', seconds: 3, reason: 'changed', attached: true },
          { outcome: 'ok', reason: 'attached to a run in progress: changed', run: 'r1', runSeconds: 3 },
        ],
        ['a run of which nothing is known', {}, { outcome: 'ok', reason: 'the run succeeded' }],
      ] as const) {
        it(`tells of ${words}`, async () => {
          network.answers[what] = says(data);
          expect(await step.run(context)).to.deep.equal(expected);
          expect(network.asked[0]?.input).to.deep.equal({ token: 7 });
          expect(network.asked[0]?.options).to.include({ timeout: 30 });
        });
      }

      it('uses the environment of its own settings', async () => {
        context = new StubContext(network, `step_settings: { ${name}: { environment: live } }`);
        await step.run(context);
        expect(network.asked[0]?.input).to.deep.equal({ environment: 'live' });
      });

      it('shows the output of Puppet', async () => {
        network.answers[what] = ({ options: { onProgress } }) => {
          for (const data of ['a line', { a: 1 }]) onProgress?.({ sender: 'web1', data });
          return {};
        };
        await step.run(context);
        expect(context.shown).to.deep.equal(['a line', '{"a":1}']);
      });
    });
  }

  describe('puppet_daemonize', () => {
    for (const [output, expected] of [
      ['it\nruns', { outcome: 'ok', reason: 'it runs' }],
      [null, { outcome: 'ok' }],
    ] as const) {
      it(`tells what the node printed: ${JSON.stringify(output)}`, async () => {
        network.answers['provision daemonize_puppet'] = says({ output });
        expect(await puppetDaemonize.run(context)).to.deep.equal(expected);
        expect(network.asked[0]?.input).to.deep.equal({ token: 7 });
      });
    }
  });

  describe('restart', () => {
    for (const [yaml, seconds] of [
      ['lease: 60', 180],
      ['lease: 60\nstep_settings: { verify: { timeout: 30.5 } }', 91],
    ] as const) {
      it(`holds the lease for ${seconds} s, in which nobody can renew it`, async () => {
        context = new StubContext(network, yaml);
        context.holdLease();
        expect(await restart.run(context)).to.deep.equal({ outcome: 'ok' });
        expect(context.leaseLog).to.deep.equal([`confirm ${seconds}`, 'stop']);
        expect(network.asked[0]?.input).to.deep.equal({ token: 7 });
      });
    }

    it('does not send the node away if the lease is not held', async () => {
      context.holdLease();
      const { lease } = context.session;
      if (lease) lease.confirm = () => Promise.reject(new StepFailure('lost', 'it is not held'));
      expect((await failureOf(restart.run(context))).kind).to.equal('lost');
      expect(network.asked).to.deep.equal([]);
    });

    for (const [state, isFine] of [
      ['no-reply', true],
      ['cancelled', true],
      ['failed', false],
    ] as const) {
      it(`${isFine ? 'is content' : 'fails'} if the answer is ${state}`, async () => {
        network.answers['provision restart'] = ends(state, 'out of luck');
        context.session.node = nodeOf(network);
        const end = restart.run(context);
        if (!isFine) expect((await failureOf(end)).message).to.equal('restart on web1: out of luck');
        else
          expect(await end).to.deep.equal({
            outcome: 'ok',
            reason: 'the node disconnected before it replied',
          });
      });
    }

    it('passes on what is no failure of a step', async () => {
      const defect = new TypeError('a defect');
      network.answers['provision restart'] = () => Promise.reject(defect);
      expect(await restart.run(context).catch((error: unknown) => error)).to.equal(defect);
    });
  });

  describe('done', () => {
    it('disables the provision agent, and waits little for a node that may have gone', async () => {
      expect(await done.run(context)).to.deep.equal({ outcome: 'ok' });
      expect(network.asked[0]).to.deep.nested.include({
        what: 'provision disable_provisioner',
        input: { token: 7 },
      });
      expect(network.asked[0]?.options).to.include({ answerWithin: 5 });
    });

    it('is content if the agent is gone', async () => {
      network.answers['provision disable_provisioner'] = ends('failed', 'no', { statuscode: 2 });
      expect(await done.run(context)).to.deep.equal({
        outcome: 'ok',
        reason: 'the final configuration removed the provision agent',
      });
    });

    it('fails if the agent refuses', async () => {
      context.session.node = nodeOf(network);
      network.answers['provision disable_provisioner'] = ends('failed', 'no');
      expect((await failureOf(done.run(context))).message).to.equal('disable_provisioner on web1: no');
    });
  });

  describe('that failed and needs its master', () => {
    const failed = () => new StepFailure('failed', 'refused', { run: 'r1', runSeconds: 3 });
    let forgotten: number;
    beforeEach(() => {
      forgotten = 0;
      context.masters.forget = () => {
        forgotten += 1;
      };
    });

    it('has failed if the CA of the master answers', async () => {
      const error = failed();
      expect(await attributed(error, context)).to.equal(error);
      expect(network.asked[0]).to.include({ what: 'puppetca info', target: 'puppet1' });
      expect(forgotten).to.equal(0);
    });

    for (const [what, error, run] of [
      ['with its run', failed(), { run: 'r1', runSeconds: 3 }],
      ['without one', new StepFailure('failed', 'refused'), { run: undefined, runSeconds: undefined }],
    ] as const) {
      it(`says nothing of the node if the CA does not answer, ${what}`, async () => {
        network.answers['puppetca info'] = ends('no-reply');
        const failure = await attributed(error, context);
        expect(failure)
          .to.be.instanceOf(StepFailure)
          .and.to.include({ kind: 'master-away', cause: error, ...run });
        expect((failure as Error).message).to.equal('refused; the CA of its master puppet1 does not reply');
        expect(forgotten).to.equal(1);
      });
    }

    for (const kind of ['unreachable', 'interrupted'] as const) {
      it(`says nothing of the node if the master itself was ${kind} and does not answer`, async () => {
        network.answers['puppetca info'] = ends('no-reply');
        const error = new StepFailure(kind, 'the node is offline', { host: 'puppet1' });
        expect(await attributed(error, context)).to.include({ kind: 'master-away', cause: error });
        expect(forgotten).to.equal(1);
      });

      it(`is as it was if the master was ${kind} and answers again`, async () => {
        const error = new StepFailure(kind, 'the node is offline', { host: 'puppet1' });
        expect(await attributed(error, context)).to.equal(error);
        expect(forgotten).to.equal(0);
      });
    }

    it('says nothing of the node if the CA cannot be asked', async () => {
      network.answers['puppetca info'] = () => Promise.reject(new Error('no broker'));
      expect(await attributed(failed(), context)).to.include({ kind: 'master-away' });
    });

    for (const [what, error] of [
      ['that is none of a step', new TypeError('a defect')],
      ['that does not count anyway', new StepFailure('unreachable', 'no')],
      ['that is of the node', new StepFailure('unreachable', 'no', { host: 'web1' })],
      ['that is for good', new StepFailure('permanent', 'no')],
    ] as const) {
      it(`leaves a failure as it is ${what}`, async () => {
        network.answers['puppetca info'] = ends('no-reply');
        expect(await attributed(error, context)).to.equal(error);
        expect(network.asked).to.deep.equal([]);
      });
    }

    it('leaves a failure as it is once the step is called off', async () => {
      context.stop.abort();
      const error = failed();
      expect(await attributed(error, context)).to.equal(error);
      expect(network.asked).to.deep.equal([]);
    });
  });
});
