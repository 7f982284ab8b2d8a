import { expectEqual, expectThat } from './broken.js';
import type { Check } from './check.js';
import type { Subject } from './subject.js';

type Data = Readonly<Record<string, unknown>>;

/** Lines of history that are written; the contract requires more, but each costs the start of a program. */
const historyTried = 30;

/** The rules of the record. */
export const recordChecks: readonly Check[] = [
  {
    rule: 'version',
    title: 'states version 1 of the contract, and an empty record on a new node',
    needs: [],
    run: async (subject) => {
      const {
        contract,
        step,
        locked,
        disabled,
        quarantined,
        done,
        lease,
        steps,
        history,
        quarantine,
        finished,
      } = await subject.status();
      expectEqual(contract ?? 1, 1, 'status: contract');
      expectEqual(
        { locked, disabled, quarantined, done },
        { locked: false, disabled: false, quarantined: false, done: false },
        'status',
      );
      expectEqual(
        [step, lease, quarantine, finished],
        [null, null, null, null],
        'status: step, lease, quarantine, finished',
      );
      expectEqual([steps, history], [[], []], 'status: steps, history');
    },
  },
  {
    rule: 'record 1',
    title: 'records how a step begins and ends',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', { step: 'lock', outcome: 'started' });
      expectEqual((await subject.status()).step, null, 'status: step after a beginning');
      await subject.ok('record', { step: 'lock', outcome: 'ok', reason: 'fine' });
      const { outcome, reason, attempts, since } = await subject.step('lock');
      expectEqual([outcome, reason, attempts], ['ok', 'fine', 1], 'outcome, reason, attempts of the step');
      expectThat(!Number.isNaN(Date.parse(String(since))), `since is ${String(since)}, not a time`);
      await subject.ok('record', { step: 'send_node_csr', outcome: 'skipped' });
      await subject.ok('record', { step: 'sign_node_csr', outcome: 'failed', reason: 'no' });
      expectEqual(
        (await subject.status()).step,
        'send_node_csr',
        'status: step, which a failure does not change',
      );
    },
  },
  {
    rule: 'record 1',
    title: 'takes names of steps and outcomes that it does not know',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', {
        step: 'register_cmdb',
        outcome: 'name-taken',
        reason: 'a hook of the site',
      });
      expectEqual((await subject.step('register_cmdb')).outcome, 'name-taken', 'outcome of the step');
    },
  },
  {
    rule: 'record 2',
    title: 'counts attempts, or keeps the number that is given',
    needs: [],
    run: async (subject) => {
      const attempt = async (input: Data) =>
        (await subject.ok('record', { step: 'verify', ...input })).attempt;
      expectEqual(await attempt({ outcome: 'started' }), 1, 'attempt of the first beginning');
      expectEqual(await attempt({ outcome: 'failed' }), 1, 'attempt of its end');
      expectEqual(await attempt({ outcome: 'started' }), 2, 'attempt of the second beginning');
      expectEqual(await attempt({ outcome: 'ok', attempt: 2 }), 2, 'attempt that was given');
      expectEqual(
        await attempt({ outcome: 'ok', attempt: 2 }),
        2,
        'attempt that was given in a repeated call',
      );
      expectEqual((await subject.step('verify')).attempts, 2, 'attempts of the step');
    },
  },
  {
    rule: 'record 3',
    title: 'marks a step as abandoned if another one begins',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', { step: 'send_node_csr', outcome: 'started' });
      await subject.ok('record', { step: 'sign_node_csr', outcome: 'started' });
      expectEqual(
        (await subject.step('send_node_csr')).outcome,
        'abandoned',
        'outcome of the step that did not end',
      );
      expectThat(
        (await lines(subject, 'abandoned')).length === 1,
        'history has no line with the outcome abandoned',
      );
    },
  },
  {
    rule: 'record 4',
    title: 'begins the next step with the end of one',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', {
        step: 'lock',
        outcome: 'ok',
        next: 'set_puppet_hostname',
        next_attempt: 3,
      });
      const { outcome, attempts } = await subject.step('set_puppet_hostname');
      expectEqual([outcome, attempts], ['started', 3], 'outcome and attempts of the next step');
      await subject.refused(
        'record',
        { step: 'a', outcome: 'started', next: 'b' },
        'although only the end of a step begins the next',
      );
    },
  },
  {
    rule: 'record 5',
    title: 'keeps data with a step, and the chosen master',
    needs: [],
    run: async (subject) => {
      const master = { address: '192.0.2.1', identity: 'puppet1.example.net', reason: 'region eu matches' };
      await subject.ok('record', { step: 'lock', outcome: 'started', data: { a: 1, master } });
      await subject.ok('record', { step: 'lock', outcome: 'ok' });
      expectEqual(((await subject.step('lock')).data as Data | null)?.a, 1, 'data of the step');
      const { address, identity, reason } = ((await subject.status()).master ?? {}) as Data;
      expectEqual({ address, identity, reason }, master, 'status: master');
      await subject.refused(
        'record',
        { step: 'lock', outcome: 'ok', data: { a: 'x'.repeat(5000) } },
        'with more than 4096 characters of data',
      );
    },
  },
  {
    rule: 'record 6',
    title: 'is done after the step done, and says since when',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', { step: 'done', outcome: 'failed' });
      expectEqual((await subject.status()).done, false, 'status: done after a failure');
      await subject.ok('record', { step: 'done', outcome: 'ok', next: 'notify' });
      const { done, finished } = await subject.status();
      expectEqual(done, true, 'status: done');
      const { since } = (finished ?? {}) as Data;
      expectThat(
        !Number.isNaN(Date.parse(String(since))),
        `status: finished.since is ${String(since)}, not a time`,
      );
      await subject.ok('record', { step: 'notify', outcome: 'ok' });
    },
  },
  {
    rule: 'record 8',
    title: 'has a history, oldest first, that is not cut soon',
    needs: [],
    run: async (subject) => {
      for (let attempt = 1; attempt <= historyTried; attempt += 1)
        await subject.ok('record', { step: 'verify', outcome: 'failed', attempt, reason: 'away' });
      const { history } = await subject.status();
      const all = Array.isArray(history) ? (history as Data[]) : [];
      const expected = Array.from({ length: historyTried }, (_, index) => index + 1);
      expectEqual(
        all.map((line) => line.attempt),
        expected,
        'attempts in the history',
      );
      const { time, step, outcome, reason } = all[0] ?? {};
      expectEqual([step, outcome, reason], ['verify', 'failed', 'away'], 'step, outcome, reason of a line');
      expectThat(!Number.isNaN(Date.parse(String(time))), `time of a line is ${String(time)}`);
    },
  },
  {
    rule: 'record 9',
    title: 'goes to quarantine with the reason, and ends the step that was started',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', { step: 'sign_node_csr', outcome: 'started' });
      const { since } = await subject.ok('quarantine', { reason: 'the CA refused it', notify: true });
      const { quarantined, quarantine } = await subject.status();
      expectEqual(quarantined, true, 'status: quarantined');
      expectEqual(quarantine, { reason: 'the CA refused it', since }, 'status: quarantine');
      expectEqual(
        (await subject.step('sign_node_csr')).outcome,
        'failed',
        'outcome of the step that was started',
      );
      expectEqual((await subject.step('notify')).outcome, 'started', 'outcome of the step notify');
      expectThat(
        (await lines(subject, 'quarantined')).length === 1,
        'history has no line with the outcome quarantined',
      );
    },
  },
  {
    rule: 'record 10',
    title: 'is released from quarantine, and continues where it stopped',
    needs: [],
    run: async (subject) => {
      expectEqual(
        (await subject.ok('release', {})).released,
        false,
        'released of a node that is not in quarantine',
      );
      await subject.ok('record', { step: 'lock', outcome: 'ok' });
      await subject.ok('record', { step: 'verify', outcome: 'failed', attempt: 3 });
      await subject.ok('quarantine', { reason: 'it did not come back', notify: true });
      expectEqual((await subject.ok('release', {})).released, true, 'released');
      const { quarantined, quarantine, steps } = await subject.status();
      expectEqual([quarantined, quarantine], [false, null], 'status: quarantined, quarantine');
      expectEqual(
        (Array.isArray(steps) ? (steps as Data[]) : []).map(({ step, attempts }) => [step, attempts]),
        [
          ['lock', 0],
          ['verify', 0],
        ],
        'steps and their attempts after the release',
      );
      expectThat(
        (await lines(subject, 'released')).length > 0,
        'history has no line with the outcome released',
      );
      expectEqual(
        (await subject.ok('record', { step: 'verify', outcome: 'started' })).attempt,
        1,
        'attempt after the release',
      );
    },
  },
  {
    rule: 'record 10',
    title: 'forgets what was reached if it is released to start again',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', { step: 'lock', outcome: 'ok' });
      await subject.ok('record', { step: 'done', outcome: 'ok' });
      await subject.ok('release', { fresh: true });
      const { step, steps, done, finished, csr } = await subject.status();
      expectEqual(
        [step, steps, done, finished ?? null, csr ?? null],
        [null, [], false, null, null],
        'status: step, steps, done, finished, csr',
      );
    },
  },
  {
    rule: 'record',
    title: 'keeps the record over a restart',
    needs: [],
    run: async (subject) => {
      await subject.ok('record', { step: 'lock', outcome: 'ok', reason: 'fine', data: { a: 1 } });
      await subject.ok('record', { step: 'verify', outcome: 'failed', reason: 'away' });
      await subject.ok('quarantine', { reason: 'it did not come back' });
      const before = await recordOf(subject);
      await subject.restart();
      expectEqual(await recordOf(subject), before, 'status after a restart');
    },
  },
];

// The name is no part of the record: it is null until Puppet has told it.
async function recordOf(subject: Subject): Promise<Data> {
  const { certname: _, ...record } = await subject.status();
  return record;
}

async function lines(subject: Subject, outcome: string): Promise<readonly Data[]> {
  const { history } = await subject.status();
  return (Array.isArray(history) ? (history as Data[]) : []).filter((line) => line.outcome === outcome);
}
