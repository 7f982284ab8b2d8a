import { setTimeout as sleep } from 'node:timers/promises';
import { Broken, expectEqual, expectThat } from './broken.js';
import type { Check } from './check.js';
import type { Subject } from './subject.js';

const lease = ['lock_deploy'];
/** Milliseconds in which a lease of one second must have ended, on a busy machine. */
const patience = 20_000;

/** The rules of the lease. */
export const leaseChecks: readonly Check[] = [
  {
    rule: 'lease',
    title: 'grants a lease with token, owner, seconds and expiry, and status shows it',
    needs: lease,
    run: async (subject) => {
      const grant = await subject.ok('lock_deploy', { owner: 'provisioner/1', seconds: 60 });
      expectThat(Number.isInteger(grant.token), `token is ${String(grant.token)}, not an integer`);
      expectEqual(grant.owner, 'provisioner/1', 'owner');
      expectEqual(grant.seconds, 60, 'seconds');
      const left = (Date.parse(String(grant.expires)) - Date.now()) / 1000;
      expectThat(left > 0 && left < 61, `expires is ${String(grant.expires)}, not a time within 60 s`);
      const { locked, lease: shown } = await subject.status();
      expectEqual(locked, true, 'status: locked');
      const { owner, token, seconds } = (shown ?? {}) as Record<string, unknown>;
      expectEqual(
        { owner, token, seconds },
        { owner: grant.owner, token: grant.token, seconds: 60 },
        'status: lease',
      );
    },
  },
  {
    rule: 'lease 1',
    title: 'refuses the lease to another owner while it is in force',
    needs: lease,
    run: async (subject) => {
      const token = await subject.lock();
      await subject.refused(
        'lock_deploy',
        { owner: 'provisioner/2' },
        'although provisioner/1 holds the lease',
      );
      await expectHolder(subject, 'provisioner/1', token);
    },
  },
  {
    rule: 'lease 1',
    title: 'grants the lease again to its owner, and the former token is stale',
    needs: lease,
    run: async (subject) => {
      const first = await subject.lock();
      const second = await subject.lock();
      expectThat(second > first, `the second token ${second} is not greater than the first, ${first}`);
      await expectStale(subject, first);
    },
  },
  {
    rule: 'lease 2',
    title: 'never grants a token twice, also after a restart',
    needs: [...lease, 'unlock_deploy'],
    run: async (subject) => {
      let last = await subject.lock();
      for (const owner of ['provisioner/2', 'provisioner/1']) {
        await subject.ok('unlock_deploy', { token: last });
        await subject.restart();
        const next = await subject.lock(owner);
        expectThat(next > last, `the token ${next} is not greater than the one before, ${last}`);
        last = next;
      }
    },
  },
  {
    rule: 'lease 3',
    title: 'refuses each changing action with a token that is not the one of the lease',
    needs: lease,
    run: async (subject) => {
      const token = await subject.lock();
      for (const wrong of [token - 1, token + 1, 0]) await expectStale(subject, wrong);
      await expectHolder(subject, 'provisioner/1', token);
    },
  },
  {
    rule: 'lease 3',
    title: 'refuses a token after its lease was given back',
    needs: [...lease, 'unlock_deploy'],
    run: async (subject) => {
      const token = await subject.lock();
      expectEqual((await subject.ok('unlock_deploy', { token })).unlocked, true, 'unlocked');
      expectEqual((await subject.status()).locked, false, 'status: locked');
      await expectStale(subject, token);
    },
  },
  {
    rule: 'lease 4',
    title: 'refuses a change without token while a lease is in force, and allows it otherwise',
    needs: [...lease, 'unlock_deploy'],
    run: async (subject) => {
      await subject.ok('record', { step: 'by_hand', outcome: 'ok' });
      const token = await subject.lock();
      await subject.refused('record', { step: 'by_hand', outcome: 'failed' }, 'although a lease is in force');
      expectEqual((await subject.step('by_hand')).outcome, 'ok', 'the outcome of the step');
      await subject.ok('unlock_deploy', { token });
      await subject.ok('record', { step: 'by_hand', outcome: 'failed' });
    },
  },
  {
    rule: 'lease 5',
    title: 'ends a lease by itself after its seconds',
    needs: lease,
    run: async (subject) => {
      const token = await subject.lock('provisioner/1', 1);
      const deadline = Date.now() + patience;
      for (;;) {
        const { statuscode } = await subject.call('lock_deploy', { owner: 'provisioner/2' });
        if (statuscode === 0) break;
        if (Date.now() > deadline) throw new Broken('a lease of 1 s is still in force after 20 s');
        await sleep(100);
      }
      await expectStale(subject, token);
    },
  },
  {
    rule: 'lease 5',
    title: 'renews a lease from now on, for its holder only',
    needs: [...lease, 'renew'],
    run: async (subject) => {
      const token = await subject.lock('provisioner/1', 60);
      await subject.refused('renew', { token: token + 1, seconds: 600 }, 'with a token of no lease');
      const { expires, ...grant } = await subject.ok('renew', { token, seconds: 600 });
      expectEqual(
        [grant.token, grant.owner, grant.seconds],
        [token, 'provisioner/1', 600],
        'token, owner, seconds',
      );
      const left = (Date.parse(String(expires)) - Date.now()) / 1000;
      expectThat(left > 540 && left < 601, `expires is ${String(expires)}, not a time in 600 s`);
      await expectHolder(subject, 'provisioner/1', token);
    },
  },
  {
    rule: 'lease 5',
    title: 'refuses durations below 1 s and above 86400 s',
    needs: lease,
    run: async (subject) => {
      for (const seconds of [0, -5, 86_401])
        await subject.refused('lock_deploy', { owner: 'provisioner/1', seconds }, 'with an invalid duration');
      expectEqual((await subject.status()).locked, false, 'status: locked');
    },
  },
  {
    rule: 'lease 6',
    title: 'refuses the lease in quarantine, except for a pending notification',
    needs: lease,
    run: async (subject) => {
      await subject.refused('lock_deploy', { owner: 'p/1', notify: true }, 'although nothing is pending');
      const first = await subject.lock('p/1');
      await subject.ok('quarantine', { reason: 'the disk is full', token: first });
      const { statusmsg } = await subject.refused(
        'lock_deploy',
        { owner: 'p/1' },
        'although the node is in quarantine',
      );
      expectThat(statusmsg.includes('the disk is full'), `the refusal does not say why: ${statusmsg}`);
      await subject.refused('lock_deploy', { owner: 'p/1', notify: true }, 'although nothing is pending');
      await subject.ok('release', {});
      const second = await subject.lock('p/1');
      await subject.ok('quarantine', { reason: 'again', notify: true, token: second });
      const { token } = await subject.ok('lock_deploy', { owner: 'p/1', notify: true });
      await subject.ok('record', { step: 'notify', outcome: 'ok', token });
      await subject.refused(
        'lock_deploy',
        { owner: 'p/1', notify: true },
        'although the notification was sent',
      );
    },
  },
  {
    rule: 'lease',
    title: 'keeps a lease over a restart',
    needs: lease,
    run: async (subject) => {
      const token = await subject.lock();
      await subject.restart();
      await expectHolder(subject, 'provisioner/1', token);
      await subject.refused(
        'lock_deploy',
        { owner: 'provisioner/2' },
        'although provisioner/1 holds the lease',
      );
      await subject.ok('record', { step: 'lock', outcome: 'ok', token });
    },
  },
  {
    rule: 'actions',
    title: 'agrees with status in is_locked and is_disabled',
    needs: [...lease, 'is_locked', 'is_disabled'],
    run: async (subject) => {
      expectEqual((await subject.ok('is_locked')).locked, false, 'is_locked of a new node');
      expectEqual((await subject.ok('is_disabled')).disabled, false, 'is_disabled of a new node');
      await subject.lock('provisioner/7');
      const { locked, owner } = await subject.ok('is_locked');
      expectEqual([locked, owner], [true, 'provisioner/7'], 'is_locked: locked, owner');
    },
  },
];

async function expectHolder(subject: Subject, owner: string, token: number): Promise<void> {
  const { lease: shown } = await subject.status();
  const holder = (shown ?? {}) as Record<string, unknown>;
  expectEqual([holder.owner, holder.token], [owner, token], 'status: owner and token of the lease');
}

// What changes the host itself is tried elsewhere.
async function expectStale(subject: Subject, token: number): Promise<void> {
  const before = JSON.stringify((await subject.status()).history);
  await subject.refused(
    'record',
    { step: 'intruder', outcome: 'ok', token },
    `with the stale token ${token}`,
  );
  await subject.refused('quarantine', { reason: 'intruder', token }, `with the stale token ${token}`);
  await subject.refused('release', { fresh: true, token }, `with the stale token ${token}`);
  const { history, quarantined } = await subject.status();
  expectEqual(quarantined, false, 'status: quarantined after refused calls');
  expectEqual(JSON.stringify(history), before, 'status: history after refused calls');
}
