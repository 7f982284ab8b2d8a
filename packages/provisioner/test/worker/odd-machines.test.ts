import { constants } from 'node:os';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { parseProvisionerConfig, peersOf } from '../../src/index.js';
import type { FakeNode } from '../fixtures/fake-node.js';
import { Testbed, type Watched } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };
const told = 'notify: { targets: ["stdout://ops"], stuck_after: 1 }';
const hour = 3_600_000;

describe('a machine with a fault of its own', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  afterEach(() => testbed.close());

  const stateOf = ({ provisioner }: Watched, identity = 'web1') =>
    provisioner.arrivals().find((line) => line.identity === identity);
  const inState = (watched: Watched, state: string) =>
    waitFor(`the state ${state}`, () => (stateOf(watched)?.state === state ? stateOf(watched) : undefined), {
      timeoutSeconds: 20,
      intervalMs: 10,
    });
  const isDone = (watched: Watched) =>
    waitFor('the end', () => watched.of('done', 'web1')[0], { timeoutSeconds: 30, intervalMs: 10 });

  /** Nothing can be written on its disk until the result is called. */
  function fillDisk({ record, ...machine }: FakeNode, target: FakeNode): () => void {
    const { quarantineNode } = record;
    const full = () => {
      const errno = -constants.errno.ENOSPC;
      const about = { code: 'ENOSPC', errno, syscall: 'write', path: '/var/lib/troupe/record.json' };
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), about);
    };
    target.before = (action) => (action === 'status' ? undefined : full());
    record.quarantineNode = full;
    return () => {
      target.before = machine.before;
      record.quarantineNode = quarantineNode;
    };
  }

  it('whose disk is full ends in quarantine with the reason, which it records when it can', async () => {
    testbed = await Testbed.create();
    await testbed.master('puppet1', eu);
    await testbed.notifier('notifier1');
    const watched = await testbed.provisioner(told);
    const { machine } = await testbed.node('web1', { facts: eu });
    const free = fillDisk(machine, machine);
    const { recorded, reason } = await watched.event('quarantined', 'web1');
    expect(recorded).to.equal(false);
    expect(reason).to.equal(
      'lock failed 3 times, last error: lock_deploy on web1: cannot write /var/lib/troupe/record.json: ENOSPC: no space left on device',
    );
    expect(stateOf(watched)).to.include({ state: 'quarantined', reason });
    await waitFor('the message', () => testbed.delivered.length > 0, { intervalMs: 10 });
    free();
    await waitFor('the quarantine on the node', () => machine.record.quarantine, { intervalMs: 10 });
    expect(machine.record.quarantine?.reason).to.equal(reason);
    expect(testbed.delivered).to.deep.equal(['stdout://ops: Quarantined web1']);
    const { provision } = peersOf(watched.client, parseProvisionerConfig(''));
    await provision.release({ fresh: false }, { targets: ['web1'], collective: 'provisioning' }).one();
    await isDone(watched);
    expect(stateOf(watched)).to.equal(undefined);
  });

  it('whose disk becomes full in the middle of a step ends in quarantine with the reason', async () => {
    testbed = await Testbed.create();
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner(told);
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.before = (action) => {
      if (action === 'request_certificate') fillDisk(machine, machine);
    };
    const { reason } = await watched.event('quarantined', 'web1');
    expect(reason).to.include('cannot write /var/lib/troupe/record.json: ENOSPC: no space left on device');
    expect(stateOf(watched)).to.include({ state: 'quarantined', reason });
  });

  it('that goes offline again and again in one step ends in quarantine', async () => {
    testbed = await Testbed.create();
    await testbed.master('puppet1', eu);
    await testbed.notifier('notifier1');
    const watched = await testbed.provisioner(told);
    const first = await testbed.node('web1', { facts: eu });
    const { machine } = first;
    let host: { die(): Promise<void> } = first;
    let crashes = 0;
    machine.before = async (action) => {
      if (action !== 'request_certificate') return;
      crashes += 1;
      // Its daemon ends when this action has ended; the broker knows at once.
      const died = host.die();
      void died.then(async () => {
        host = await testbed.enrol(machine, 'web1', { facts: eu });
      });
      throw new Error('it crashed');
    };
    const { reason } = await waitFor('the quarantine', () => watched.of('quarantined', 'web1')[0], {
      timeoutSeconds: 50,
      intervalMs: 10,
    });
    expect(reason).to.match(
      /^it went offline \d+ times in the middle of the work, last error: request_certificate/,
    );
    await waitFor('the quarantine on the node', () => machine.record.quarantine, { timeoutSeconds: 20 });
    expect(machine.record.quarantine?.reason).to.equal(reason);
    const before = crashes;
    await testbed.notifier('notifier2');
    expect(crashes, 'nothing more is asked of it').to.equal(before);
    await waitFor('the message', () => testbed.delivered.length > 0, { intervalMs: 10 });
    expect(testbed.delivered).to.include('stdout://ops: Quarantined web1');
  });

  for (const [what, offset] of [
    ['ten minutes behind', -600_000],
    ['a day ahead', 24 * hour],
  ] as const)
    it(`whose clock is ${what} is enrolled, and done when its clock is right`, async () => {
      testbed = await Testbed.create({ hasClocks: true });
      await testbed.master('puppet1', eu);
      await testbed.notifier('notifier1');
      const watched = await testbed.provisioner(told);
      let ahead: number = offset;
      const { machine } = await testbed.node('web1', { facts: eu, clock: () => ahead });
      const line = await inState(watched, 'clock-wrong');
      expect(line).to.include({ collective: 'mcollective' });
      expect(line?.reason).to.match(
        /^its clock is (10 min|9 min 59 s) behind, |^its clock is 1 d ahead, |^its clock is 23 h 59 min ahead, /,
      );
      expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
      ahead = 0;
      await isDone(watched);
    });

  it('whose clock is wrong by days waits until it is right, and people are told', async () => {
    testbed = await Testbed.create({ hasClocks: true });
    await testbed.master('puppet1', eu);
    await testbed.notifier('notifier1');
    const watched = await testbed.provisioner(told);
    let ahead = 100 * hour;
    const { machine } = await testbed.node('web1', { facts: eu, clock: () => ahead });
    const line = await inState(watched, 'clock-wrong');
    expect(line?.reason).to.match(
      /^its clock is (4 d 4 h|4 d 3 h) ahead, so it refuses requests: check NTP on it$/,
    );
    await waitFor('the message', () => testbed.delivered[0], { timeoutSeconds: 30 });
    expect(testbed.delivered).to.deep.equal(['stdout://ops: web1 is waiting: clock-wrong']);
    expect(machine.calls).to.deep.equal([]);
    ahead = 0;
    await isDone(watched);
  });

  it('that is online and does not reply is named', async () => {
    testbed = await Testbed.create();
    await testbed.notifier('notifier1');
    const watched = await testbed.provisioner(told);
    await testbed.host('web1', { collective: 'provisioning', isUnresponsive: true });
    await inState(watched, 'silent');
    await waitFor('the message', () => testbed.delivered[0], { timeoutSeconds: 30 });
    expect(testbed.delivered).to.deep.equal(['stdout://ops: web1 is waiting: silent']);
  });
});
