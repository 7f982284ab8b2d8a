import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readReport } from '../../src/puppet/index.js';
import { parseSummary, readIsManaged, readSummary } from '../../src/puppet/summary.js';
import { type FakeHost, fakeHost } from './fake.js';

const entry = (number: number) =>
  [
    '- level: !ruby/sym notice',
    `  message: "message ${number}\\n  of two lines"`,
    '  source: "/Stage[main]/Main/File[/x]"',
    "  time: '2026-01-01T00:00:00.000000000+00:00'",
  ].join('\n');

describe('what Puppet wrote of its last run', () => {
  let host: FakeHost;

  beforeEach(async () => {
    host = await fakeHost();
  });

  afterEach(() => host[Symbol.asyncDispose]());

  it('is nothing where it never ran', async () => {
    const puppet = host.puppet();
    expect(await puppet.lastRun()).to.deep.equal({ outcome: 'never', ended: 0, began: 0 });
    expect(await puppet.logs()).to.deep.equal([]);
    expect(await puppet.typeDistribution()).to.deep.equal({});
    expect(await readReport(host.path('lastrunreport'))).to.equal(undefined);
  });

  it('has counts, times and versions', async () => {
    await writeFile(
      host.path('lastrunfile'),
      '---\nversion:\n  config: 1700000000\n  puppet: 7.23.0\nresources:\n  changed: 3\n  corrective_change: 1\n  total: 10\ntime:\n  total: 1.5\n  config_retrieval: 0.25\n  last_run: 1700000001\n',
    );
    const summary = await readSummary(await host.puppet().settings());
    expect(summary).to.include({ configVersion: '1700000000', puppetVersion: '7.23.0' });
    expect(summary?.resources).to.include({ changed: 3, corrective_change: 1, total: 10, failed: 0 });
    expect(summary?.times).to.deep.equal({ total: 1.5, config_retrieval: 0.25, last_run: 1_700_000_001 });
    expect(summary?.document).to.have.property('version');
  });

  for (const text of ['just words', '- a\n- list\n', 'a: [', '']) {
    it(`is refused where the summary is ${JSON.stringify(text)}`, async () => {
      await writeFile(host.path('lastrunfile'), text);
      const error = await readSummary(await host.puppet().settings()).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.have.property('code', 'FILE_UNREADABLE');
      expect(error).to.have.property('message').that.includes(host.path('lastrunfile'));
    });
  }

  it('is refused where it is larger than any summary', async () => {
    const text = '---\ntime:\n  total: 1\n';
    await writeFile(host.path('lastrunfile'), text.padEnd(1024 * 1024, '#'));
    const settings = await host.puppet().settings();
    expect((await readSummary(settings))?.times).to.deep.equal({ total: 1 });
    await writeFile(host.path('lastrunfile'), text.padEnd(1024 * 1024 + 1, '#'));
    const error = await readSummary(settings).catch((thrown: unknown) => thrown);
    expect(error)
      .to.have.property('message')
      .that.includes('1048577 bytes is more than the limit of 1048576 bytes');
  });

  it('has no counts, times and versions but numbers and texts', () => {
    const summary = parseSummary('time:\n  total: soon\n  last_run: 5\nversion:\n  config:\n  puppet: ""\n');
    expect(summary).to.deep.include({ times: { last_run: 5 }, configVersion: null, puppetVersion: null });
    expect(Object.values(summary?.resources ?? {})).to.deep.equal(Array(9).fill(0));
    expect(parseSummary('version: 7\ntime: {}\nresources: 3')).to.deep.include({
      configVersion: null,
      times: {},
    });
  });

  it('says which resources are managed', async () => {
    await writeFile(host.path('resourcefile'), 'file[/etc/motd]\nservice[ssh]\n');
    const settings = await host.puppet().settings();
    expect(await readIsManaged(settings, 'File[/etc/motd]')).to.equal(true);
    expect(await readIsManaged(settings, 'File[/etc/mot]')).to.equal(false);
  });

  it('tells the types of resources', async () => {
    await writeFile(
      host.path('resourcefile'),
      'file[/etc/motd]\nfile[/etc/x[1]]\nservice[ssh]\nntp::server[main]\n\n',
    );
    expect(await host.puppet().typeDistribution()).to.deep.equal({ File: 2, Service: 1, 'Ntp::Server': 1 });
  });

  it('has the first messages, whatever follows them', async () => {
    const entries = Array.from({ length: 5 }, (_, number) => entry(number)).join('\n');
    const report = `--- !ruby/object:Puppet::Transaction::Report\nhost: &1 x\nlogs:\n${entries}\n- level: :err\n  source: *1\nmetrics: *broken\nresource_statuses: [\n`;
    await writeFile(host.path('lastrunreport'), report);
    const logs = await host.puppet().logs(3);
    expect(logs.map(({ message }) => message)).to.deep.equal(
      [0, 1, 2].map((number) => `message ${number}\n  of two lines`),
    );
    expect(logs[0]).to.include({ level: 'notice', source: '/Stage[main]/Main/File[/x]' });
    const all = await host.puppet().logs();
    expect(all).to.have.length(6);
    expect(all[5]).to.include({ level: 'err', source: 'x' });
  });

  it('is read from the ends of a report of megabytes', async () => {
    const head = [
      '--- !ruby/object:Puppet::Transaction::Report',
      'host: x',
      "time: '2026-01-01T00:00:00.000000000Z'",
      'configuration_version:',
      'status: changed',
      'transaction_completed: true',
      'noop_pending: false',
      'environment: production',
      'logs: []',
    ].join('\n');
    const resource = '  File[/x]:\n    status: failed\n    job_id: not-this\n';
    const tail = 'corrective_change: false\njob_id: run-7\ncached_catalog_status: not_used\n';
    await writeFile(
      host.path('lastrunreport'),
      `${head}\nresource_statuses:\n${resource.repeat(50_000)}${tail}`,
    );
    expect(await readReport(host.path('lastrunreport'))).to.deep.equal({
      status: 'changed',
      transactionCompleted: true,
      environment: 'production',
      time: Date.UTC(2026, 0, 1),
      noop: false,
      noopPending: false,
      configurationVersion: null,
      transactionUuid: null,
      jobId: 'run-7',
      cachedCatalogStatus: 'not_used',
    });
  });
});
