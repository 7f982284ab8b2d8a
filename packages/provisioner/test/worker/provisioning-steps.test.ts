import { mock } from 'node:test';
import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Events } from '../../src/events/events.js';
import { type ProvisionEvent, StepFailure } from '../../src/index.js';
import { provision } from '../../src/worker/provisioning.js';
import { recorded, recordWith } from '../fixtures/node-record.js';
import { dependenciesOf, infoOf, puppet1 } from '../fixtures/step-context.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const oneStep = 'steps: { lock: true, set_puppet_hostname: true }';
const certificates =
  'steps: { lock: true, clean_node_certname: true, send_node_csr: true, sign_node_csr: true }';
const own = 'AA:BB';
const csr = (outcome = 'ok') =>
  recorded('send_node_csr', outcome, { data: { certname: 'w', csr_fingerprint: own } });

describe('the steps of one node', () => {
  let network: StubNetwork;
  let events: ProvisionEvent[];
  let stop: AbortController;
  beforeEach(() => {
    network = new StubNetwork();
    network.nodes = ['puppet1'];
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['provision lock_deploy'] = says({ token: 7 });
    network.answers['provision status'] = says({ lease: { token: 7 } });
    network.answers['provision has_cert'] = says({ has_cert: false, certname: 'w' });
    network.answers['provision request_certificate'] = says({ certname: 'w', csr_fingerprint: own });
    network.answers['puppetca status'] = says({ state: 'requested', fingerprint: own });
    network.answers['puppetca sign'] = says({ csr_fingerprint: own, fingerprint: 'CC' });
    network.answers['rpcutil ping'] = ends('no-reply');
    network.answers['rpcutil inventory'] = says({ facts: { tier: 'web' } });
    events = [];
    stop = new AbortController();
  });
  afterEach(() => {
    mock.restoreAll();
    stop.abort(new StepFailure('stopped', 'the end'));
  });

  const take = async (yaml: string, { steps = [], collective = 'provisioning' }: Given = {}) => {
    const listeners = new Events(silentLogger);
    listeners.on((event) => events.push(event));
    const dependencies = dependenciesOf(network, yaml, { events: listeners });
    const main = dependencies.config.collectives.main;
    const peers = { ...network.peers, main };
    const node = nodeOf(network, { collective });
    const about = { node, master: puppet1, reason: 'the only master', isOtherMaster: false };
    const ending = await provision(
      { ...about, record: recordWith({ steps }) },
      { ...dependencies, peers },
      stop.signal,
    );
    if (ending.kind === 'done') await ending.after.release();
    if (ending.kind === 'failed') await ending.release();
    return ending;
  };
  interface Given {
    steps?: readonly object[];
    collective?: string;
  }
  const done = () =>
    network
      .whats()
      .filter((what) => !/record|renew|lock|status|has_cert|ping|info|inventory/.test(what))
      .map((what) => what.replace(/^\w+ /, ''));
  const notes = () =>
    network.of('provision record').map(({ input: { step, outcome } }) => `${step} ${outcome}`);
  const of = <T extends ProvisionEvent['type']>(type: T) =>
    events.filter((event): event is Extract<ProvisionEvent, { type: T }> => event.type === type);

  it('that are on record are not done again, and are told of', async () => {
    const ending = await take(oneStep, {
      steps: [recorded('lock'), recorded('set_puppet_hostname', 'skipped')],
    });
    expect(done()).to.deep.equal(['disable_provisioner']);
    expect(network.of('provision lock_deploy')).to.have.length(1);
    const steps = ending.kind === 'done' ? ending.report.steps : [];
    expect(steps.map(({ step, outcome }) => `${step} ${outcome}`)).to.deep.equal([
      'lock ok',
      'set_puppet_hostname skipped',
      'done ok',
    ]);
  });

  it('that are on record as failed are done again', async () => {
    await take(oneStep, { steps: [recorded('set_puppet_hostname', 'failed')] });
    expect(done()).to.include('set_puppet_host');
  });

  it('are noted with the beginning of the next one that is still to be done', async () => {
    await take('steps: { lock: true, set_puppet_hostname: true, puppet_daemonize: true }', {
      steps: [recorded('set_puppet_hostname')],
    });
    expect(network.of('provision record').map(({ input: { step, next } }) => [step, next])).to.deep.equal([
      ['lock', 'puppet_daemonize'],
      ['puppet_daemonize', undefined],
      ['done', undefined],
    ]);
  });

  describe('ask for the CSR', () => {
    const signed = recorded('sign_node_csr', 'ok', { data: { csr_fingerprint: own } });
    for (const [what, yaml, steps, isAsked] of [
      ['again until it is signed', certificates, [recorded('clean_node_certname'), csr()], true],
      ['no more when it is signed', certificates, [recorded('clean_node_certname'), csr(), signed], false],
      ['no more if nobody here signs it', 'steps: { lock: true, send_node_csr: true }', [csr()], false],
    ] as const) {
      it(what, async () => {
        await take(yaml, { steps });
        expect(done().includes('request_certificate')).to.equal(isAsked);
        expect(done()).to.not.include('clean');
      });
    }
  });

  describe('restart', () => {
    const yaml = 'steps: { lock: true, set_puppet_hostname: true, restart: true, verify: false }';
    for (const [what, more, collective, isAsked] of [
      ['a node that is back where it was', '', 'provisioning', true],
      ['no node that was handed over', '', 'mcollective', false],
      [
        'no node of a network with one collective',
        '\ncollectives: { enrolment: provisioning, main: provisioning }',
        'provisioning',
        false,
      ],
    ] as const) {
      it(`${what} once more, although that is on record`, async () => {
        await take(`${yaml}${more}`, {
          steps: [recorded('set_puppet_hostname'), recorded('restart')],
          collective,
        });
        expect(done().includes('restart')).to.equal(isAsked);
      });
    }
  });

  describe('that must be done again', () => {
    it('are voided from the one on that failed to hold, and no other', async () => {
      const signed = recorded('sign_node_csr', 'failed');
      network.answers['puppetca status'] = says({ state: 'missing' });
      const steps = [recorded('clean_node_certname'), csr(), signed];
      const ending = await take(certificates, { steps });
      expect(ending).to.include({
        kind: 'failed',
        reason: 'the CA of puppet1 has no CSR for w (state: missing)',
      });
      expect(notes().filter((note) => note.endsWith('void'))).to.deep.equal(['send_node_csr void']);
      expect(network.of('provision renew')).to.have.length(1);
      network.answers['puppetca status'] = says({ state: 'revoked' });
      await take(certificates, { steps });
      expect(
        notes()
          .filter((note) => note.endsWith('void'))
          .slice(1),
      ).to.deep.equal(['clean_node_certname void', 'send_node_csr void']);
    });

    it('are all voided if the step from which they must be done is off', async () => {
      await take('steps: { set_puppet_hostname: true, sign_node_csr: true }');
      expect(notes()).to.deep.equal([
        'set_puppet_hostname started',
        'set_puppet_hostname ok',
        'sign_node_csr failed',
        'set_puppet_hostname void',
      ]);
    });

    it('are voided although the time of the step is over', async () => {
      network.answers['puppetca status'] = () => {
        stop.abort(new StepFailure('stopped', 'the end'));
        return { data: { state: 'missing' } };
      };
      expect(await take(certificates, { steps: [recorded('clean_node_certname'), csr()] })).to.include({
        kind: 'failed',
      });
    });
  });

  describe('are left out', () => {
    const yaml = 'steps: { lock: true, send_node_csr: true, puppet_daemonize: true }';

    it('if their condition is not true, before anything else is asked', async () => {
      await take(`${yaml}\nstep_settings: { send_node_csr: { condition: "tier=db" } }`);
      const [, left] = of('step-ended');
      expect(left).to.include({ step: 'send_node_csr', outcome: 'skipped' });
      expect(left?.reason).to.equal('the node does not match the condition: tier=db');
      expect(left).to.not.have.property('request');
      expect(network.of('provision has_cert')).to.deep.equal([]);
      expect(notes()).to.include('send_node_csr skipped');
    });

    it('if they say so themselves', async () => {
      network.answers['provision has_cert'] = says({ has_cert: true, usable: true, fingerprint: 'CC' });
      network.answers['puppetca status'] = says({ state: 'signed', fingerprint: 'CC' });
      await take(yaml);
      expect(of('step-ended')[1]).to.include({ outcome: 'skipped' });
      expect(done()).to.deep.equal(['daemonize_puppet', 'disable_provisioner']);
    });
  });

  it('are not done before it is on record that they have begun', async () => {
    network.answers['provision record'] = ends('no-reply');
    expect(await take('steps: { set_puppet_hostname: true }')).to.include({ kind: 'unreachable' });
    expect(done()).to.deep.equal([]);
  });

  it('tell how many seconds they took', async () => {
    let now = 5_000;
    mock.method(performance, 'now', () => now);
    for (const [what, seconds] of [
      ['set_puppet_host', 2.5],
      ['daemonize_puppet', 4],
    ] as const) {
      network.answers[`provision ${what}`] = () => {
        now += seconds * 1000;
        return { state: what === 'set_puppet_host' ? 'ok' : 'no-reply' };
      };
    }
    await take('steps: { lock: true, set_puppet_hostname: true, puppet_daemonize: true }');
    expect(of('step-ended').map(({ step, seconds }) => [step, seconds])).to.deep.equal([
      ['lock', 0],
      ['set_puppet_hostname', 2.5],
      ['puppet_daemonize', 4],
    ]);
  });

  it('tell with which request they were done, each its own', async () => {
    await take(certificates);
    const requests = Object.fromEntries(of('step-ended').map(({ step, request }) => [step, request]));
    const idOf = (what: string) => network.of(what)[0]?.id;
    expect(requests).to.deep.equal({
      lock: idOf('provision lock_deploy'),
      clean_node_certname: idOf('puppetca clean'),
      send_node_csr: idOf('provision request_certificate'),
      sign_node_csr: idOf('puppetca sign'),
      done: idOf('provision disable_provisioner'),
    });
  });

  it('show what Puppet prints', async () => {
    network.answers['provision run_puppet'] = ({ options: { onProgress } }) => {
      onProgress?.({ sender: 'web1', data: 'Notice: applied' });
      return {};
    };
    await take('steps: { lock: true, puppet_final_run: true, restart: false, verify: false }');
    expect(of('output')[0]).to.include({
      identity: 'web1',
      step: 'puppet_final_run',
      text: 'Notice: applied',
    });
  });

  describe('begin', () => {
    const begun = () => of('begun').map(({ resumedAt }) => resumedAt);
    const daemonize = 'puppet_daemonize: true, set_puppet_hostname: true';

    for (const [what, lock, order] of [
      ['when the lease is taken', true, ['step-started', 'step-ended', 'begun', 'master', 'step-started']],
      [
        'at once if no lease is taken',
        false,
        ['begun', 'master', 'step-started', 'step-ended', 'step-started'],
      ],
    ] as const) {
      it(`${what}, with the master and its reason`, async () => {
        await take(`steps: { lock: ${lock}, ${daemonize} }`);
        expect(events.map(({ type }) => type).slice(0, 5)).to.deep.equal(order);
        expect(of('master')[0]).to.include({
          identity: 'web1',
          master: 'puppet1',
          address: '192.0.2.1',
          reason: 'the only master',
        });
        expect(of('begun')).to.have.length(1);
      });
    }

    for (const [what, steps, resumedAt] of [
      ['with the first one, if nothing is on record', [], undefined],
      ['with the first one, if only the lock is on record', [recorded('lock')], undefined],
      [
        'where somebody left the node',
        [recorded('lock'), recorded('set_puppet_hostname')],
        'puppet_daemonize',
      ],
      [
        'at the end if all but that is done',
        [recorded('set_puppet_hostname'), recorded('puppet_daemonize')],
        'done',
      ],
      [
        'nowhere if all is done',
        [recorded('set_puppet_hostname'), recorded('puppet_daemonize'), recorded('done')],
        undefined,
      ],
    ] as const) {
      it(what, async () => {
        await take(`steps: { lock: true, ${daemonize} }`, { steps });
        expect(begun()).to.deep.equal([resumedAt]);
        expect(events.some((event) => event.type === 'begun' && 'resumedAt' in event)).to.equal(
          resumedAt !== undefined,
        );
      });
    }

    for (const [what, yaml, steps, names] of [
      ['of the node if it is to be cleaned', 'clean_node_certname: true', [], ['web1', 'w']],
      ['that is known if it is to be signed', 'send_node_csr: true, sign_node_csr: true', [csr()], ['w']],
      ['of nobody if it is done', 'clean_node_certname: true', [recorded('clean_node_certname')], []],
      ['of nobody if nothing is cleaned or signed', 'set_puppet_hostname: true', [], []],
    ] as const) {
      it(`with the check of the name ${what}`, async () => {
        await take(`steps: { lock: true, ${yaml} }`, { steps });
        expect(network.of('rpcutil ping').map(({ target }) => target)).to.deep.equal(names);
        const asked = network.whats();
        if (names.length > 0) expect(asked.indexOf('rpcutil ping')).to.be.lessThan(4);
      });
    }
  });
});
