import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { figuresOf } from '../src/last-run-summary.js';
import type { LastOutcome } from '../src/puppet/index.js';
import { parseSummary } from '../src/puppet/summary.js';

describe('the figures of the last Puppet run', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: 100_900 }));
  afterEach(() => mock.timers.reset());

  const figures = (outcome: LastOutcome, text: string) => {
    const summary = parseSummary(text);
    if (!summary) throw new Error(`not a summary: ${text}`);
    return figuresOf({ outcome, summary, ended: summary.times.last_run ?? null, began: 0 });
  };
  const resources = 'resources: {total: 9, out_of_sync: 1, failed: 2, corrective_change: 3, changed: 4}';

  it('have the names of MCollective', () => {
    const text = `version: {config: v1}\n${resources}\ntime: {last_run: 90, config_retrieval: 5, total: 6}`;
    expect(figures('failed-resources', text)).to.deep.equal({
      lastrun_outcome: 'failed-resources',
      out_of_sync_resources: 1,
      failed_resources: 2,
      corrected_resources: 3,
      changed_resources: 4,
      total_resources: 9,
      config_retrieval_time: 5,
      total_time: 6,
      lastrun: 90,
      since_lastrun: 10,
      config_version: 'v1',
    });
    expect(figures('changed', 'time: {last_run: 200}')).to.include({ since_lastrun: 0, config_version: '' });
    expect(figures('changed', 'time: {}')).to.include({
      lastrun: null,
      since_lastrun: null,
      config_retrieval_time: 0,
      total_time: 0,
    });
  });

  for (const outcome of ['no-catalog', 'incomplete', 'unknown'] as const)
    it(`have no counts if the outcome is ${outcome}, since 0 would say that nothing failed`, () => {
      expect(figures(outcome, `${resources}\ntime: {last_run: 90, total: 6}`)).to.deep.equal({
        lastrun_outcome: outcome,
        out_of_sync_resources: null,
        failed_resources: null,
        corrected_resources: null,
        changed_resources: null,
        total_resources: null,
        config_retrieval_time: null,
        total_time: 6,
        lastrun: 90,
        since_lastrun: 10,
        config_version: '',
      });
    });
});
