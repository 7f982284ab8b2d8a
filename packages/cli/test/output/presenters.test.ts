import type { ActionDdl } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { OutputOptions } from '../../src/command-line/options.js';
import { statisticsOf } from '../../src/output/json-replies.js';
import { presenterOf } from '../../src/output/presenters.js';
import { captured } from '../captured.js';
import { ddl } from '../lab-agent.js';
import { reportOn, result, weigh } from '../report.js';

const results = [
  result('b', 'ok', { data: { weight: 3, unit: 'kg' } }),
  result('a', 'failed', { statuscode: 1, statusmsg: 'no scales', data: { weight: null, unit: null } }),
  result('c', 'offline', { statusmsg: 'the node is offline' }),
];

async function shown(options: Partial<OutputOptions>, action = weigh, isVerbose = false) {
  const json = options.jsonl ? 'lines' : options.json ? 'document' : undefined;
  const { screen, stdout, stderr } = captured({ isVerbose, ...(json && { json }) });
  const presenter = await presenterOf(
    { progress: true, ...options },
    { screen, agent: 'lab', action: action.action, ddl: action },
  );
  const report = reportOn(results, {}, action);
  presenter.discovered(report.found);
  presenter.begun('0'.repeat(32));
  presenter.progress({ sender: 'a', data: 'half\nway\n' });
  for (const one of results) presenter.result(one);
  presenter.end(report);
  screen.json?.end();
  return { stdout: stdout(), stderr: stderr() };
}

const names = (text: string) => text.match(/^[abc](?=\s|$)/gm) ?? [];

describe('what is shown', () => {
  const move: ActionDdl = ddl.actions[1];
  const table: readonly [
    what: string,
    options: Partial<OutputOptions>,
    action: typeof weigh,
    senders: string[],
  ][] = [
    ['all, when the DDL says always', {}, weigh, ['b', 'a']],
    ['failures, when the DDL says failed', {}, move, ['a']],
    ['failures, when the DDL says nothing', {}, { ...move, display: 'failed' }, ['a']],
    ['successes, when the DDL says ok', {}, { ...move, display: 'ok' }, ['b']],
    ['what --display says', { display: 'ok' }, weigh, ['b']],
    ['nothing with --display none', { display: 'none' }, weigh, []],
    ['in order with --sort', { sort: true }, weigh, ['a', 'b']],
    ['only names with --senders', { senders: true }, move, ['a', 'b']],
    ['only some names with --senders and --display', { senders: true, display: 'ok' }, weigh, ['b']],
  ];
  for (const [what, options, action, senders] of table) {
    it(what, async () => expect(names((await shown(options, action)).stdout)).to.deep.equal(senders));
  }

  it('includes every reply with --verbose', async () => {
    expect(names((await shown({}, move, true)).stdout)).to.deep.equal(['b', 'a']);
  });

  it('never lists a node without a reply among the replies, but always below them', async () => {
    for (const options of [{}, { table: true }, { senders: true }, { display: 'none' }] as const) {
      expect((await shown(options)).stderr).to.include('No reply from: c (offline)');
    }
  });
});

describe('text', () => {
  it('has records, output and summaries on standard output, the rest on standard error', async () => {
    const { stdout, stderr } = await shown({});
    expect(stdout).to.equal(
      [
        'a: half',
        'a: way',
        'b',
        '           Weight: 3',
        '   Unit of Weight: kg',
        '',
        'a                                        Request Aborted',
        '',
        '    no scales',
        '',
        'Summary of Weight:',
        '',
        '   Together: 3',
        '',
        'Summary of Unit of Weight:',
        '',
        '   kg: 1',
        '',
        '',
      ].join('\n'),
    );
    expect(stderr).to.equal(
      'No reply from: c (offline)\nFinished processing 2 / 3 hosts in 1.50 s, 1 not ok\n',
    );
  });
});

describe('JSON', () => {
  it('is one document with every target, the statistics and the summaries', async () => {
    const { stdout, stderr } = await shown({ json: true });
    expect(stdout.split('\n')).to.have.length(2);
    const document = JSON.parse(stdout);
    expect(document).to.deep.equal({
      version: 1,
      command: '',
      results: [
        {
          sender: 'b',
          state: 'ok',
          statuscode: 0,
          statusmsg: 'OK',
          data: { weight: 3, unit: 'kg' },
          seconds: 0.25,
        },
        {
          sender: 'a',
          state: 'failed',
          statuscode: 1,
          statusmsg: 'no scales',
          data: { weight: null, unit: null },
          seconds: 0.25,
        },
        {
          sender: 'c',
          state: 'offline',
          statuscode: null,
          statusmsg: 'the node is offline',
          data: {},
          seconds: 0.25,
        },
      ],
      statistics: {
        requestid: '0'.repeat(32),
        discovery: 'broadcast',
        discovered: 3,
        asked: 3,
        responses: 2,
        ok: 1,
        failed: 1,
        by_state: { ok: ['b'], failed: ['a'], offline: ['c'] },
        no_responses: ['c'],
        unexpected_responses: [],
        silent_in_discovery: [],
        refused_in_discovery: [],
        offline: [],
        unreachable: null,
        discovery_seconds: 0.5,
        call_seconds: 1.5,
        exit_code: 2,
      },
      errors: [],
      agent: 'lab',
      action: 'weigh',
      summaries: { weight: 3, unit: { kg: 1 } },
    });
    expect(Object.keys(document).slice(0, 5)).to.deep.equal([
      'version',
      'command',
      'results',
      'statistics',
      'errors',
    ]);
    expect(stderr).to.equal('a: half\na: way\n');
  });

  for (const [found, word] of [
    [{}, 'broadcast'],
    [{ byRequest: true }, 'request'],
    [{ method: 'named' }, 'named'],
    [{ method: 'named', source: 'puppetdb' }, 'puppetdb'],
  ] as const)
    it(`names the discovery method: ${word}`, () =>
      expect(statisticsOf(reportOn([result('a', 'ok')], found)).discovery).to.equal(word));

  it('has the time of a discovery that came before the call', () => {
    const report = reportOn([result('a', 'ok')], { seconds: 2.5 });
    const stats = { ...report.stats, discoverySeconds: 0 };
    expect(statisticsOf({ ...report, stats }).discovery_seconds).to.equal(2.5);
  });

  it('has every reply whatever the DDL specifies, and fewer with --display', async () => {
    const senders = async (options: Partial<OutputOptions>) => {
      const { results: replies } = JSON.parse(
        (await shown({ json: true, ...options }, ddl.actions[1])).stdout,
      );
      return replies.map(({ sender }: { sender: string }) => sender);
    };
    expect(await senders({})).to.deep.equal(['b', 'a', 'c']);
    expect(await senders({ sort: true })).to.deep.equal(['a', 'b', 'c']);
    expect(await senders({ display: 'ok' })).to.deep.equal(['b']);
    expect(await senders({ display: 'none' })).to.deep.equal([]);
  });

  it('has only the names of the nodes that replied with --senders', async () => {
    const { stdout, stderr } = await shown({ json: true, senders: true });
    expect(JSON.parse(stdout).results).to.deep.equal([{ sender: 'a' }, { sender: 'b' }]);
    expect(stderr).to.equal('a: half\na: way\n');
  });

  it('prints lines as events happen with --jsonl', async () => {
    const { stdout } = await shown({ jsonl: true });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind, sender }) => [kind, sender])).to.deep.equal([
      ['discovery', undefined],
      ['request', undefined],
      ['progress', 'a'],
      ['result', 'b'],
      ['result', 'a'],
      ['result', 'c'],
      ['summary', undefined],
      ['statistics', undefined],
    ]);
    expect(lines[1].requestid).to.equal('0'.repeat(32));
    expect(lines[2].data).to.equal('half\nway\n');
    expect(lines.at(-1).exit_code).to.equal(2);
  });
});

describe('a table', () => {
  it('has a row for each reply and a column for each output', async () => {
    const { stdout } = await shown({ table: true, display: 'ok' });
    const rows = stdout.split('\n').filter((line) => line.includes('│'));
    expect(
      rows.map((row) =>
        row
          .split('│')
          .map((cell) => cell.trim())
          .slice(1, -1),
      ),
    ).to.deep.equal([
      ['Sender', 'Weight', 'Unit of Weight', 'Notes'],
      ['b', '3', 'kg', ''],
    ]);
  });

  it('has a column for the state if not all replies are ok', async () => {
    const { stdout } = await shown({ table: true });
    expect(stdout).to.match(/│ Sender │ Status +│ Weight │/);
    expect(stdout).to.match(/│ a +│ Request Aborted │/);
    expect(stdout).to.match(/│ +│ no scales +│/);
  });
});
