import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { outcomeOf } from '../../src/puppet/last-run.js';
import type { ReportHead } from '../../src/puppet/report.js';
import { parseSummary } from '../../src/puppet/summary.js';
import { type FakeHost, fakeHost } from './fake.js';

const began = Date.UTC(2026, 0, 1);
const ended = began / 1000 + 20;

function reportOf(more: Partial<ReportHead> = {}): ReportHead {
  return {
    status: 'unchanged',
    transactionCompleted: true,
    environment: 'production',
    time: began,
    noop: false,
    noopPending: false,
    configurationVersion: 'v1',
    transactionUuid: null,
    jobId: null,
    cachedCatalogStatus: 'not_used',
    ...more,
  };
}

const counts = '{changed: 0, failed: 0, failed_to_restart: 0, total: 10}';
const summaryOf = (resources = counts, { config = 'v1', time = `{total: 20, last_run: ${ended}}` } = {}) =>
  parseSummary(`version: {config: ${config}, puppet: 7.23.0}\nresources: ${resources}\ntime: ${time}\n`);

describe('the outcome of the last Puppet run', () => {
  const zeros = '{changed: 0, failed: 0, total: 0}';
  const old = reportOf({ status: 'failed', time: began - 86_400_000 });
  for (const [title, summary, report, outcome] of [
    ['an applied catalog without changes', summaryOf(), reportOf(), 'unchanged'],
    ['changes', summaryOf('{changed: 2, total: 10}'), reportOf({ status: 'changed' }), 'changed'],
    ['changes, without a report', summaryOf('{changed: 2, total: 10}'), undefined, 'changed'],
    ['an applied catalog, without a report', summaryOf(), undefined, 'unchanged'],
    [
      'failed resources, without a report',
      summaryOf('{failed: 1, total: 10}'),
      undefined,
      'failed-resources',
    ],
    [
      'a service that did not restart',
      summaryOf('{failed_to_restart: 1, total: 9}'),
      undefined,
      'failed-resources',
    ],
    ['a hook that failed after the catalog', summaryOf(), reportOf({ status: 'failed' }), 'failed'],
    [
      'no resources in the summary',
      summaryOf('', { config: '' }),
      reportOf({ status: 'failed', configurationVersion: null }),
      'no-catalog',
    ],
    ['no resources in the summary and no report', summaryOf('', { config: '' }), undefined, 'no-catalog'],
    ['counts that are all 0', summaryOf(zeros, { config: '' }), undefined, 'no-catalog'],
    [
      'a cached catalog applied after a compile error',
      summaryOf(),
      reportOf({ cachedCatalogStatus: 'on_failure' }),
      'no-catalog',
    ],
    [
      'a run that was killed',
      summaryOf(),
      reportOf({ status: 'failed', transactionCompleted: false }),
      'incomplete',
    ],
    ['a failed report of the day before', summaryOf(), old, 'unchanged'],
    [
      'a failed report of another catalog',
      summaryOf(),
      { ...reportOf({ status: 'failed' }), configurationVersion: 'v0' },
      'unchanged',
    ],
    [
      'a failed report alone',
      undefined,
      reportOf({ status: 'failed', configurationVersion: null }),
      'no-catalog',
    ],
    [
      'a killed run, whose summary is missing',
      undefined,
      reportOf({ transactionCompleted: false }),
      'incomplete',
    ],
  ] as const)
    it(`is ${outcome} with ${title}`, () => {
      expect(outcomeOf(summary, report)).to.equal(outcome);
    });
});

describe('the last Puppet run of a host', () => {
  let host: FakeHost;

  beforeEach(async () => {
    host = await fakeHost();
  });

  afterEach(() => host[Symbol.asyncDispose]());

  const summary = (text: string) => writeFile(host.path('lastrunfile'), text);
  const report = (lines: string) => writeFile(host.path('lastrunreport'), `---\n${lines}\n`);

  it('is a failure if no catalog compiled, as its summary has version and time alone', async () => {
    await summary(`---\nversion:\n  config:\n  puppet: 7.23.0\ntime:\n  last_run: ${ended}\n`);
    await report(`time: '2026-01-01T00:00:00Z'\nstatus: failed\ntransaction_completed: false`);
    expect(await host.puppet().lastRun()).to.include({ outcome: 'no-catalog', ended, began: began / 1000 });
    expect((await host.puppet().status()).message).to.match(
      /^stopped; last run failed \d+ days ago: no catalog from the server$/,
    );
  });

  for (const [text, reason] of [
    ['', 'it is empty'],
    ['\n', 'it is empty'],
    ['- a', 'it is not a last_run_summary.yaml of Puppet'],
  ] as const)
    it(`is unknown, not "never", if the summary is ${JSON.stringify(text)}`, async () => {
      await summary(text);
      const fault = `Cannot read the run summary ${host.path('lastrunfile')}: ${reason}`;
      expect(await host.puppet().lastRun()).to.deep.equal({
        outcome: 'unknown',
        ended: null,
        began: 0,
        fault,
      });
      expect(await host.puppet().status()).to.include({
        lastrun: null,
        since_lastrun: null,
        lastrun_outcome: 'unknown',
        message: `stopped; ${fault}`,
      });
    });

  it('is not "never" if there is a report but no summary', async () => {
    await report("time: '2026-01-01T00:00:00Z'\nstatus: failed\ntransaction_completed: false");
    expect((await host.puppet().status()).message).to.equal(
      `stopped; last run failed: no catalog from the server; Cannot read the run summary ${host.path('lastrunfile')}: it does not exist`,
    );
  });

  it('has no end if the summary does not tell it', async () => {
    await summary(`resources: ${counts}\ntime: {total: 4}\n`);
    expect((await host.puppet().status()).message).to.equal(
      `stopped; The run summary ${host.path('lastrunfile')} has no last_run time`,
    );
  });
});
