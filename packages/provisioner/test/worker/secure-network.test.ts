import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { stateOf } from '../../src/commands/state.js';
import { parseProvisionerConfig, peersOf } from '../../src/index.js';
import { readRecord } from '../../src/node/node-record.js';
import { fingerprintOf } from '../fixtures/fake-ca.js';
import { FakeNode } from '../fixtures/fake-node.js';
import { Testbed, type Watched } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };

describe('in a network with certificates and enrolment tokens, a provisioning', function () {
  this.timeout(60_000);
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

  it('is done with a receipt although the token expired while the node waited for a master', async () => {
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu, token: { ttlSeconds: 3 } });
    const { reason } = await watched.event('waiting', 'web1');
    expect(reason).to.include('no master');
    const arrived = Date.now();
    await waitFor('the token to expire', () => Date.now() > arrived + 4000, { timeoutSeconds: 10 });
    await testbed.master('puppet1', eu);
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(machine.record.isDisabled).to.equal(true);
  });

  it('goes on after a release although the token expired while the node was in quarantine', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('attempts: 1');
    const { machine } = await testbed.node('web1', { facts: eu, token: { ttlSeconds: 3 } });
    machine.puppet = () => {
      throw new Error('no catalog');
    };
    const arrived = Date.now();
    expect((await watched.ended('web1')).outcome).to.equal('quarantined');
    await waitFor('the token to expire', () => Date.now() > arrived + 4000, { timeoutSeconds: 10 });
    machine.puppet = () => 'it went well';
    const { provision } = peersOf(watched.client, parseProvisionerConfig(''));
    const options = { targets: ['web1'], collective: 'provisioning' };
    expect((await provision.release({ fresh: false }, options).one()).data).to.include({ released: true });
    await waitFor('the end', () => watched.of('done', 'web1')[0], { intervalMs: 10 });
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

describe('the name of a host that is switched off', function () {
  // A silence is waited for, and hosts are provisioned twice.
  this.timeout(60_000);
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create({ isSecure: true });
    await testbed.security.ofHost('web1', 'mcollective');
  });
  afterEach(() => testbed.close());

  const quick = (seconds: number) =>
    `policy: { replace_after: ${seconds} }\nnotify: { targets: ["stdout://ops"] }\nsteps: { lock: true, set_puppet_hostname: true, ` +
    'clean_node_certname: true, send_node_csr: true, sign_node_csr: true, puppet_bootstrap_stage: true, puppet_final_run: true, notify: true }';
  /** A host that was provisioned by a provisioner, and vanished. */
  const switchedOff = async (seconds: number) => {
    const { ca } = await testbed.master('puppet1', eu);
    await testbed.notifier('notifier1');
    const watched = await testbed.provisioner(quick(seconds));
    const first = await testbed.node('web1', { facts: eu });
    expect((await watched.ended('web1')).outcome).to.equal('done');
    await waitFor('the notification', () => testbed.delivered.length === 1, { intervalMs: 10 });
    await first.die();
    return { ca, watched, cleanings: () => ca.log.filter((line) => line === 'clean web1').length };
  };

  it('is not given to a second machine with the same token, which waits and says why', async () => {
    const { ca, watched, cleanings } = await switchedOff(0.2);
    const certificate = ca.certificateOf('web1');
    const { machine } = await testbed.node('web1', { facts: eu });
    const { reason } = await watched.event('waiting', 'web1');
    expect(reason).to.match(
      /^the name web1 is taken: a host with this name was seen, last at .* does not allow replacing it/,
    );
    // Through a second attempt, after the whole silence.
    await waitFor('a second attempt', () => watched.of('waiting', 'web1').length > 1, { intervalMs: 10 });
    expect([cleanings(), ca.certificateOf('web1'), watched.of('replaced')]).to.deep.equal([
      1,
      certificate,
      [],
    ]);
    const { history } = await stateOnNode(watched);
    expect(history.state).to.equal('name-taken');
    expect(history.reason).to.equal(reason);
    expect(machine.record.quarantine).to.equal(null);
  });

  const stateOnNode = async ({ client }: Watched) => {
    const { provision } = peersOf(client, parseProvisionerConfig(''));
    const { data } = await provision.status({}, { targets: ['web1'], collective: 'provisioning' }).one();
    return { history: stateOf(readRecord(data)) };
  };

  it('is given to one whose token allows it, after the silence, and people are told', async () => {
    const { watched, cleanings } = await switchedOff(1.5);
    await testbed.node('web1', { facts: eu, token: { replace: true } });
    const { reason } = await watched.event('waiting', 'web1');
    expect(reason).to.match(/it is replaced when no host with this name has replied for 1.5 s/);
    expect(cleanings()).to.equal(1);
    const replaced = await watched.event('replaced', 'web1');
    expect(replaced).to.deep.include({ certname: 'web1', masters: ['puppet1'] });
    await waitFor('the second end', () => watched.of('done', 'web1').length === 2, { intervalMs: 10 });
    expect(testbed.delivered).to.include('stdout://ops: Replaced the certificate of web1');
    const journal = watched.journal();
    const [first, second] = [...journal.matchAll(/"receipt":"([\w-]+)"/g)].map(([, serial]) => serial);
    expect(first).to.not.equal(second);
    expect([...journal.matchAll(/"revoked":"([\w-]+)"/g)].map(([, serial]) => serial)).to.deep.equal([first]);
  });

  it('is not given away while the host replies', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner(quick(0.2));
    await testbed.node('web1', { facts: eu });
    await watched.ended('web1');
    await testbed.node('web1', { facts: eu, token: { replace: true } });
    // Requests that are sealed for the first machine have to be repeated for the second one.
    const { reason } = await waitFor('the quarantine', () => watched.of('quarantined')[0], {
      timeoutSeconds: 25,
    });
    expect(reason).to.match(/a host with this name is online in the collective mcollective/);
    expect(ca.log.filter((line) => line === 'clean web1')).to.have.length(1);
  });

  it('is free at once for a reborn machine that no provisioner has seen, and its old certificates are cleaned', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const other = await testbed.master('puppet2', { region: 'us', country: 'us' });
    for (const each of [ca, other.ca]) each.sign('web1', fingerprintOf('of old'));
    const watched = await testbed.provisioner(quick(600));
    await testbed.node('web1', { facts: eu });
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect([watched.of('waiting'), watched.of('replaced')]).to.deep.equal([[], []]);
    expect([ca.log[0], other.ca.log[0]]).to.deep.equal(['clean web1', 'clean web1']);
  });

  it('counts as taken for a while where the journal of the provisioner was lost', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    ca.sign('web1', fingerprintOf('of old'));
    const watched = await testbed.provisioner(`${quick(1.5)}\njournal: ${testbed.path('lost')}`);
    await testbed.node('web1', { facts: eu });
    const { reason } = await watched.event('waiting', 'web1');
    expect(reason).to.match(/the journal of this provisioner was lost/);
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(watched.of('replaced')).to.deep.equal([]);
  });

  it('stays with the machine that was given it, which may begin again', async () => {
    const { watched, cleanings } = await switchedOffBeforePuppet();
    await waitFor('the end', () => watched.of('done', 'web1')[0], { intervalMs: 10 });
    expect([cleanings(), watched.of('replaced')]).to.deep.equal([2, []]);
  });

  const switchedOffBeforePuppet = async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner(quick(600));
    const { machine } = await testbed.node('web1', { facts: eu });
    let failures = 0;
    machine.before = async (action) => {
      if (action !== 'request_certificate' || failures > 0 || ca.log.length === 0) return;
      failures += 1;
      // The CA has signed by itself, for a key that the node does not have.
      ca.sign('web1', fingerprintOf('another'));
    };
    return { watched, cleanings: () => ca.log.filter((line) => line === 'clean web1').length };
  };
});
