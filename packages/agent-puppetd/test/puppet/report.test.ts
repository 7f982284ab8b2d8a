import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseReport } from '../../src/puppet/report.js';

const head = [
  '--- !ruby/object:Puppet::Transaction::Report',
  'host: x',
  "time: '2026-01-01T00:00:00.000000000Z'",
  'configuration_version: 17',
  'transaction_uuid: u-1',
  'status: changed',
  'transaction_completed: true',
  'noop: true',
  'noop_pending: true',
  'environment: "production" ',
  '  status: failed',
].join('\n');
const tail = 'thing: x\njob_id: run-7\ncached_catalog_status: on_failure\n';

describe('the report of a run', () => {
  it('is read from its outermost keys', () =>
    expect(parseReport(head, tail)).to.deep.equal({
      status: 'changed',
      transactionCompleted: true,
      environment: 'production',
      time: Date.UTC(2026, 0, 1),
      noop: true,
      noopPending: true,
      configurationVersion: '17',
      transactionUuid: 'u-1',
      jobId: 'run-7',
      cachedCatalogStatus: 'on_failure',
    }));

  it('says nothing of what is not there', () =>
    expect(parseReport('status: unchanged\nnoop: false\ntime: soon', '')).to.deep.equal({
      status: 'unchanged',
      transactionCompleted: false,
      environment: null,
      time: null,
      noop: false,
      noopPending: false,
      configurationVersion: null,
      transactionUuid: null,
      jobId: null,
      cachedCatalogStatus: null,
    }));

  for (const status of ['unchanged', 'changed', 'failed'])
    it(`is one with the status ${status}`, () =>
      expect(parseReport(`status: ${status}`, '')).to.include({ status }));

  for (const text of ['', 'status: pending', '  status: changed'])
    it(`is none in ${JSON.stringify(text)}`, () => expect(parseReport(text, '')).to.equal(undefined));

  it('is not taken from a line that the tail only has the end of', () =>
    expect(parseReport(head, 'job_id: nested\njob_id: run-7')?.jobId).to.equal('run-7'));
});
