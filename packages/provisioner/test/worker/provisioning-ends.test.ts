import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Events } from '../../src/events/events.js';
import { type ProvisionEvent, StepFailure } from '../../src/index.js';
import { type Afterwards, type Ending, provision } from '../../src/worker/provisioning.js';
import { logLines } from '../fixtures/log-lines.js';
import { recorded, recordWith } from '../fixtures/node-record.js';
import { dependenciesOf, infoOf, puppet1 } from '../fixtures/step-context.js';
import { ends, hangs, isPending, StubNetwork, says, settled } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const hostname = 'provision set_puppet_host';
const oneStep = 'steps: { lock: true, set_puppet_hostname: true }';
const failedBefore = { step: 'set_puppet_hostname', outcome: 'failed' };
const telling = `${oneStep.slice(0, -2)}, notify: true }\nnotify: { targets: ["mailto://ops"] }`;

describe('a provisioning of one node', () => {
  let network: StubNetwork;
  let events: ProvisionEvent[];
  let lines: Record<string, unknown>[];
  let stop: AbortController;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    mock.method(Math, 'random', () => 1);
    network = new StubNetwork();
    network.nodes = ['puppet1'];
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['provision lock_deploy'] = says({ token: 7 });
    network.answers['provision status'] = says({ lease: { token: 7 } });
    network.answers['rpcutil ping'] = ends('no-reply');
    events = [];
    stop = new AbortController();
  });
  afterEach(() => {
    stop.abort(new StepFailure('stopped', 'the end'));
    mock.restoreAll();
    mock.timers.reset();
  });

  const begin = (
    yaml: string,
    { status = {}, isOtherMaster = false, collective = 'provisioning' } = {},
  ): Promise<Ending> => {
    const { log, lines: logged } = logLines();
    lines = logged;
    const listeners = new Events(log);
    listeners.on((event) => events.push(event));
    const dependencies = dependenciesOf(
      network,
      `${yaml.includes('lease:') ? '' : 'lease: 60\n'}attempts: 3\n${yaml}`,
      {
        log,
        events: listeners,
      },
    );
    const node = nodeOf(network, { collective });
    const record = recordWith(status);
    const plan = { node, record, master: puppet1, reason: 'the only master', isOtherMaster };
    return provision(plan, dependencies, stop.signal);
  };
  const take = async <K extends Ending['kind']>(kind: K, ...given: Parameters<typeof begin>) => {
    const ending = await begin(...given);
    expect(ending).to.include({ kind });
    return ending as Extract<Ending, { kind: K }>;
  };
  const whats = () => network.whats().map((what) => what.replace('provision ', ''));
  const notes = () =>
    network.of('provision record').map(({ input: { step, outcome } }) => `${step} ${outcome}`);
  const renewals = () => network.of('provision renew');
  const pass = async (seconds: number) => {
    mock.timers.tick(seconds * 1000);
    await settled();
  };

  describe('that ends well', () => {
    it('has taken the lease, done and noted each step, and tells what became of it', async () => {
      const { report } = await take('done', oneStep);
      expect(whats()).to.deep.equal([
        'lock_deploy',
        'record',
        'set_puppet_host',
        'record',
        'disable_provisioner',
        'record',
      ]);
      expect(notes()).to.deep.equal(['lock ok', 'set_puppet_hostname ok', 'done ok']);
      const { steps, seconds, secondsOutsidePuppet, ...rest } = report;
      expect(rest).to.deep.equal({
        identity: 'web1',
        outcome: 'done',
        master: 'puppet1',
        reason: 'the only master',
      });
      expect(steps.map(({ step, outcome }) => `${step} ${outcome}`)).to.deep.equal(notes());
      expect(seconds).to.be.at.least(secondsOutsidePuppet);
    });

    it('reports which resources failed in the Puppet run that put it in quarantine', async () => {
      const failed_resources = [
        { resource: 'Exec[a\nb]', file: '/etc/site.pp', line: 12, message: 'returned 1' },
        { resource: 'File[/x]', file: null, line: null, message: 7 },
        'what',
        null,
      ];
      network.answers['provision run_puppet'] = ends('failed', '1 resource failed', {
        data: { run: 'r1', failed_resources },
      });
      const status = { history: [1, 2].map(() => ({ step: 'puppet_final_run', outcome: 'failed' })) };
      const { report } = await take('quarantined', 'steps: { lock: true, puppet_final_run: true }', {
        status,
      });
      expect(report.failedResources).to.deep.equal([
        { resource: 'Exec[a b]', file: '/etc/site.pp', line: 12, message: 'returned 1' },
        { resource: 'File[/x]' },
      ]);
    });

    it('tells of the fingerprints and the name that others have found out', async () => {
      const steps = [
        recorded('send_node_csr', 'ok', { data: { certname: 'w', csr_fingerprint: 'AA' } }),
        recorded('sign_node_csr', 'ok', { data: { csr_fingerprint: 'BB', certificate: 'CC' } }),
      ];
      const found = {
        certname: 'w',
        csrFingerprintReported: 'AA',
        csrFingerprintSigned: 'BB',
        certificateFingerprint: 'CC',
      };
      expect((await take('done', oneStep, { status: { steps } })).report).to.include(found);
      const other = await take('done', oneStep, { status: { steps }, isOtherMaster: true });
      expect(other.report).to.not.have.any.keys(...Object.keys(found));
    });

    it('keeps its lease until people were told, and gives it back then', async () => {
      const { after } = await take('done', telling);
      expect(network.of('provision record').at(-1)?.input).to.include({ step: 'done', next: 'notify' });
      await pass(20);
      expect(renewals()).to.have.length(1);
      stop.abort(new StepFailure('stopped', 'the end'));
      await after.notified('failed', 'no notifier');
      expect(network.of('provision record').at(-1)?.input).to.include({
        step: 'notify',
        outcome: 'failed',
        reason: 'no notifier',
      });
      expect(whats().at(-1)).to.equal('unlock_deploy');
      await pass(120);
      expect(renewals()).to.have.length(1);
    });

    for (const [what, yaml] of [
      ['the step notify is off', `${oneStep}\nnotify: { targets: ["mailto://ops"] }`],
      ['nobody is named', `${oneStep.slice(0, -2)}, notify: true }`],
    ] as const) {
      it(`gives its lease back at once if ${what}`, async () => {
        const { after } = await take('done', yaml);
        expect(network.of('provision record').at(-1)?.input).to.not.have.property('next');
        await after.release();
        expect(notes().at(-1)).to.equal('done ok');
        expect(whats().at(-1)).to.equal('unlock_deploy');
      });
    }

    for (const [what, end] of [
      ['people were told', (after: Afterwards) => after.notified('ok', 'n1 notified mailto://ops')],
      ['nobody has to be told', (after: Afterwards) => after.release()],
    ] as const) {
      it(`has ended when its lease is given back, after ${what}`, async () => {
        const { after } = await take('done', telling);
        network.answers['provision unlock_deploy'] = hangs;
        expect(await isPending(end(after))).to.equal(true);
        expect(whats().at(-1)).to.equal('unlock_deploy');
      });
    }

    it('says so on record if people had to be told, and nobody is named any more', async () => {
      const steps = [recorded('done'), recorded('notify', 'started')];
      const { after } = await take('done', oneStep, { status: { steps, done: true } });
      await after.release();
      expect(network.of('provision record').at(-1)?.input).to.include({
        step: 'notify',
        outcome: 'failed',
        reason: 'notifications are off or have no recipients',
      });
      expect(whats().at(-1)).to.equal('unlock_deploy');
    });

    it('lets its lease end by itself if the provisioner ends before people were told', async () => {
      const { after } = await take('done', telling);
      after.leave();
      await pass(120);
      expect([renewals(), network.of('provision unlock_deploy')]).to.deep.equal([[], []]);
    });
  });

  describe('of which a step fails', () => {
    beforeEach(() => {
      network.answers[hostname] = ends('failed', 'out of luck');
    });
    const reason = 'set_puppet_host on web1: out of luck';

    it('waits with its lease for another attempt, as the backoff says', async () => {
      const ending = await take('failed', `${oneStep}\nbackoff: { first: 7.5, most: 300 }`);
      expect(ending).to.include({ reason, seconds: 7.5 });
      expect(renewals()[0]?.input).to.deep.equal({ token: 7, seconds: 68 });
      expect(notes()).to.deep.equal(['lock ok', 'set_puppet_hostname failed']);
      await pass(600);
      expect(renewals()).to.have.length(1);
      expect(network.of('provision unlock_deploy')).to.deep.equal([]);
      await ending.release();
      expect(whats().at(-1)).to.equal('unlock_deploy');
    });

    it('waits longer after each failure', async () => {
      const status = { history: [failedBefore] };
      expect(await take('failed', `${oneStep}\nbackoff: { first: 5, most: 300 }`, { status })).to.include({
        seconds: 10,
      });
    });

    it('waits even if it cannot extend the lease, and logs that', async () => {
      network.answers['provision renew'] = ends('no-reply', 'silence');
      expect(await take('failed', oneStep)).to.include({ reason });
      const logged = lines.filter(({ msg }) => msg === 'cannot extend the lease');
      expect(logged.map(({ reason: why }) => why)).to.deep.equal(['renew on web1: silence']);
      await pass(600);
      expect(renewals()).to.have.length(1);
    });

    for (const [what, yaml, failures, words] of [
      [
        'the attempts of the configuration',
        oneStep,
        2,
        `set_puppet_hostname failed 3 times, last error: ${reason}`,
      ],
      [
        'the attempts of its settings',
        `${oneStep}\nstep_settings: { set_puppet_hostname: { attempts: 1 } }`,
        0,
        `set_puppet_hostname: ${reason}`,
      ],
      [
        'more attempts of its settings than of the configuration',
        `${oneStep}\nstep_settings: { set_puppet_hostname: { attempts: 5 } }`,
        3,
        undefined,
      ],
    ] as const) {
      it(`${words === undefined ? 'tries again within' : 'is put in quarantine after'} ${what}`, async () => {
        const status = { history: Array.from({ length: failures }, () => failedBefore) };
        const ending = await begin(yaml, { status });
        expect(ending).to.deep.include({ kind: words === undefined ? 'failed' : 'quarantined' });
        if (words !== undefined) expect(ending).to.include({ reason: words });
      });
    }

    it('is put in quarantine after the attempts of the step itself', async () => {
      network.answers[hostname] = () => ({});
      const yaml = 'steps: { lock: true, verify: true }\nstep_settings: { verify: { timeout: 0.5 } }';
      const ending = begin(yaml);
      await settled();
      await pass(1);
      expect(await ending).to.include({
        kind: 'quarantined',
        reason:
          'verify: the node did not come back within 0.5 s: web1 did not reply in the collective mcollective',
      });
    });

    for (const [state, kind, isReleased] of [
      ['no-reply', 'unreachable', true],
      ['cancelled', 'unreachable', true],
    ] as const) {
      it(`gives its lease back if the node answers with ${state}`, async () => {
        network.answers[hostname] = ends(state, 'out of luck');
        expect(await take(kind, oneStep)).to.include({ reason });
        expect(whats().includes('unlock_deploy')).to.equal(isReleased);
        await pass(600);
        expect(renewals()).to.deep.equal([]);
      });
    }

    it('lets go of a node on which somebody else works, and touches its lease no more', async () => {
      network.answers['provision status'] = says({ lease: { token: 8 } });
      const { reason: why } = await take('lost', oneStep);
      expect(why).to.equal(`lost the lease of web1: ${reason}`);
      await pass(600);
      expect([...renewals(), ...network.of('provision unlock_deploy')]).to.deep.equal([]);
    });

    it('says nothing of the node while the CA of its master is away', async () => {
      network.answers['puppetca info'] = ends('no-reply');
      network.answers['provision run_puppet'] = ends('failed', 'refused', {
        data: { run: 'r1', seconds: 3 },
      });
      const { reason: why } = await take('master-away', 'steps: { lock: true, puppet_final_run: true }');
      expect(why).to.match(/the CA of its master puppet1 does not reply$/);
      expect(notes().at(-1)).to.equal('puppet_final_run master-away');
    });

    it('does not ask the CA of its master about a step that has nothing to do with it', async () => {
      await take('failed', oneStep);
      expect(network.of('puppetca info')).to.deep.equal([]);
    });
  });

  describe('with a step that goes wrong in a way that nobody has foreseen', () => {
    it('counts that as a failure, and logs all that is known of it', async () => {
      network.answers[hostname] = () => Promise.reject(new TypeError('a defect'));
      const { reason } = await take('failed', oneStep);
      expect(reason).to.equal('unexpected error: a defect');
      const logged = lines.find(({ msg }) => msg === 'unexpected error');
      expect(logged).to.deep.include({ level: 50, node: 'web1' });
    });
  });

  describe('that is called off', () => {
    it('ends as the provisioner does, and gives its lease back', async () => {
      network.answers[hostname] = () => {
        stop.abort(new StepFailure('stopped', 'the end'));
        return { state: 'failed' };
      };
      expect(await begin(oneStep)).to.deep.equal({ kind: 'stopped' });
      expect(whats().at(-1)).to.equal('unlock_deploy');
    });

    it('lets go of the node as soon as its lease is lost', async () => {
      network.answers[hostname] = hangs;
      const ending = begin(oneStep);
      await settled();
      network.answers['provision renew'] = ends('failed', 'token 7 is stale');
      network.answers['provision status'] = says({ lease: null });
      await pass(20);
      expect(await ending).to.deep.equal({
        kind: 'lost',
        reason: 'lost the lease of web1: renew on web1: token 7 is stale',
      });
    });

    for (const [timeout, seconds] of [
      [undefined, 75],
      [2, 17],
    ] as const) {
      it(`fails ${seconds} s after a step began that does not end`, async () => {
        network.answers[hostname] = hangs;
        const settings =
          timeout === undefined ? '' : `\nstep_settings: { set_puppet_hostname: { timeout: ${timeout} } }`;
        const ending = begin(`${oneStep}${settings}`);
        await settled();
        await pass(seconds - 0.001);
        expect(await isPending(ending)).to.equal(true);
        await pass(0.001);
        expect(await ending).to.include({
          kind: 'failed',
          reason: `timeout: the step set_puppet_hostname did not finish within ${timeout ?? 60} s`,
        });
      });
    }

    it('voids what must be done again although the time of the step is over', async () => {
      network.answers['provision request_certificate'] = says({ csr_fingerprint: 'AA', certname: 'w' });
      network.answers['puppetca status'] = ({ options: { signal } }) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve({ data: { state: 'missing' } }));
        });
      const yaml = 'steps: { lock: true, send_node_csr: true, sign_node_csr: true }';
      const ending = begin(`${yaml}\nlease: 3600`);
      await settled();
      await pass(75);
      expect(await ending).to.include({
        kind: 'failed',
        reason: 'the CA of puppet1 has no CSR for w (state: missing)',
      });
      expect(notes().at(-1)).to.equal('send_node_csr void');
    });

    it('has no time of a step that is over', async () => {
      await take('done', 'steps: { set_puppet_hostname: true }');
      const { aborted } = network.of(hostname)[0]?.options.signal ?? {};
      await pass(600);
      expect([aborted, network.of(hostname)[0]?.options.signal?.aborted]).to.deep.equal([false, false]);
    });

    it('says what is wrong for good rather than that it is called off', async () => {
      network.answers[hostname] = () => {
        stop.abort(new StepFailure('stopped', 'the end'));
        throw new StepFailure('permanent', 'another machine');
      };
      expect(await take('quarantined', oneStep)).to.include({ reason: 'another machine' });
    });

    it('says where to go on rather than that it is called off', async () => {
      network.answers[hostname] = () => {
        stop.abort(new StepFailure('stopped', 'the end'));
        throw new StepFailure('failed', 'another CSR', { back: 'lock' });
      };
      expect(await take('failed', oneStep)).to.include({ reason: 'another CSR' });
    });

    it('says that it is called off rather than what went wrong by that', async () => {
      network.answers[hostname] = () => {
        stop.abort(new StepFailure('stopped', 'the end'));
        throw new TypeError('a defect');
      };
      await take('stopped', oneStep);
    });
  });

  describe('in quarantine', () => {
    beforeEach(() => {
      network.answers[hostname] = () => Promise.reject(new StepFailure('permanent', 'out of luck'));
      network.answers['provision quarantine'] = says({ since: '2030' });
    });
    const asked = () => network.of('provision quarantine').map(({ input }) => input);

    for (const [yaml, notify] of [
      [oneStep, {}],
      [telling, { notify: true }],
    ] as const) {
      it(`tells the node, ${'notify' in notify ? 'and that people have to be told' : 'of which nobody has to be told'}`, async () => {
        const { after, report, ...ending } = await take('quarantined', yaml);
        expect(ending).to.deep.equal({ kind: 'quarantined', reason: 'out of luck', recorded: true });
        expect(report).to.include({
          outcome: 'quarantined',
          failure: 'out of luck',
          quarantinedSince: '2030',
        });
        expect(asked()).to.deep.equal([{ reason: 'out of luck', token: 7, ...notify }]);
        await after?.release();
        expect(whats().at(-1)).to.equal('unlock_deploy');
      });
    }

    it('does not know since when if the node does not say', async () => {
      network.answers['provision quarantine'] = says({ since: null });
      expect((await take('quarantined', oneStep)).report).to.not.have.property('quarantinedSince');
    });

    it('tells another machine that has the name now, and renews the lease no more', async () => {
      network.answers['provision quarantine'] = ({ input }) => ({
        state: input.token === undefined ? 'ok' : 'no-reply',
      });
      const { recorded: isRecorded, after, report } = await take('quarantined', oneStep);
      expect([isRecorded, after]).to.deep.equal([true, undefined]);
      expect(report).to.include({ failure: 'out of luck' });
      expect(lines.filter(({ level }) => level === 40)).to.deep.equal([]);
      await pass(600);
      expect(renewals()).to.deep.equal([]);
    });

    it('is in the log if no machine could be told', async () => {
      network.answers['provision quarantine'] = ends('no-reply', 'silence');
      expect(await take('quarantined', oneStep)).to.include({ recorded: false });
      expect(lines.find(({ level }) => level === 40)).to.include({
        node: 'web1',
        msg: 'cannot record the quarantine on the node',
        reason: 'quarantine on web1: silence',
      });
    });

    it('does nothing but take the lease if it is there already, and tells of it with the steps on record', async () => {
      const status = {
        quarantined: true,
        quarantine: { reason: 'not this one', since: '2029' },
        steps: [recorded('set_puppet_hostname', 'failed'), recorded('notify', 'started')],
      };
      const { after, report, ...ending } = await take('quarantined', telling, { status });
      expect(ending).to.deep.equal({ kind: 'quarantined', reason: 'not this one', recorded: true });
      expect(report).to.deep.include({ failure: 'not this one', quarantinedSince: '2029' });
      expect(report.steps.map(({ step }) => step)).to.deep.equal(['lock', 'set_puppet_hostname']);
      expect(whats()).to.deep.equal(['lock_deploy', 'record']);
      expect(network.asked[0]?.input).to.include({ notify: true });
      await after?.notified('ok', 'n1 notified mailto://ops');
      expect(notes().at(-1)).to.equal('notify ok');
    });
  });
});
