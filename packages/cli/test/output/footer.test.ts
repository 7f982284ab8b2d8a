import { expect } from 'chai';
import { describe, it } from 'mocha';
import { footer } from '../../src/output/footer.js';
import { captured } from '../captured.js';
import { reportOn, result } from '../report.js';

describe('the footer', () => {
  const linesOf = (report: Parameters<typeof footer>[1], options: Parameters<typeof captured>[0] = {}) => {
    const { screen, stdout, stderr } = captured(options);
    footer(screen, report);
    expect(stdout()).to.equal('');
    return stderr().split('\n').slice(0, -1);
  };

  it('counts replies, failures, offline and selected nodes', () => {
    expect(linesOf(reportOn([result('a', 'ok'), result('b', 'ok')]))).to.deep.equal([
      'Finished processing 2 / 2 hosts in 1.50 s',
    ]);
    expect(
      linesOf(reportOn([result('a', 'ok'), result('b', 'failed')], { offline: ['c', 'd'] })),
    ).to.deep.equal(['Finished processing 2 / 2 hosts in 1.50 s, 1 not ok; 2 nodes offline']);
    expect(linesOf(reportOn([result('a', 'ok')], { before: 9, seed: 77 }))).to.deep.equal([
      'Finished processing 1 / 1 hosts in 1.50 s; selected from 9 nodes (--limit-seed 77 selects the same ones)',
    ]);
  });

  it('lists the nodes that did not reply, by reason', () => {
    const report = reportOn([
      result('a', 'ok'),
      result('c', 'offline', { statusmsg: 'the node is offline' }),
      result('b', 'offline', { statusmsg: 'the node is offline' }),
      result('d', 'no-reply', {
        statusmsg: 'online, called 4 times in 10 s',
      }),
    ]);
    expect(linesOf(report)).to.deep.equal([
      'No reply from: b, c (offline)',
      'No reply from: d (online, called 4 times in 10 s)',
      'Finished processing 1 / 4 hosts in 1.50 s',
    ]);
  });

  it('lists the nodes whose outputs were cut', () => {
    const cut = { facts: 3_000_000 };
    const results = [result('a', 'ok', { cut }), result('b', 'ok'), result('c', 'ok', { cut })];
    expect(linesOf(reportOn(results))[0]).to.equal(
      'Output cut, too large for one reply: facts of a, c (request less)',
    );
  });

  it('names only the first of many outputs that were cut', () => {
    const cut = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 1]));
    const [line] = linesOf(reportOn([result('a', 'ok', { cut })]));
    expect(line).to.equal(
      'Output cut, too large for one reply: k0, k1, k2, k3, k4, k5, k6, k7, k8, k9 and 90 more of a (request less)',
    );
  });

  it('lists nodes that did not respond to discovery, and unexpected replies', () => {
    const report = reportOn([result('a', 'ok')], { silent: ['z'] });
    const more = { ...report, stats: { ...report.stats, unexpected: ['y'] } };
    expect(linesOf(more).slice(0, 2)).to.deep.equal([
      'No response to discovery from: z (online)',
      'Unexpected replies from: y',
    ]);
  });

  it('reports that nodes without a response to the request itself may still run it, even if there are no targets', () => {
    const report = reportOn([], { silent: ['y', 'z'], offline: ['x', 'z'], byRequest: true });
    expect(linesOf(report)).to.deep.equal([
      'No response from: y (online; they may still run the action if the filter matches)',
      'No response from: z (went offline before they responded; they may have started the action)',
    ]);
  });

  it('prints warnings with --quiet, but not the statistics', () => {
    const report = reportOn([result('b', 'offline', { statusmsg: 'the node is offline' })]);
    expect(linesOf(report, { isQuiet: true })).to.deep.equal(['No reply from: b (offline)']);
  });

  it('shortens a long list unless --verbose', () => {
    const results = Array.from({ length: 103 }, (_, index) =>
      result(`n${index}`, 'offline', { statusmsg: 'the node is offline' }),
    );
    expect(linesOf(reportOn(results))[0]).to.match(/ and 3 more \(-v lists all\) \(offline\)$/);
    expect(linesOf(reportOn(results), { isVerbose: true })[0]?.split(', ')).to.have.length(103);
  });

  it('prints all statistics with --verbose', () => {
    const text = linesOf(reportOn([result('a', 'ok'), result('b', 'failed')]), { isVerbose: true }).join(
      '\n',
    );
    expect(text).to.include('---- request stats ----');
    expect(text).to.match(/Nodes: 2 \/ 2\n +Pass \/ Fail: 1 \/ 1\n +No Reply: 0\n/);
    expect(text).to.match(/Total Time: 2.00 s\n +Request Id: 0{32}$/);
  });

  it('reports with --verbose that there was no discovery', () => {
    const report = reportOn([result('a', 'ok')], { byRequest: true, seconds: 0 });
    expect(linesOf(report, { isVerbose: true }).join('\n')).to.include(
      'Discovery Time: none (the request was the discovery)\n',
    );
  });

  it('prints nothing for a call that was not made', () => {
    expect(linesOf(reportOn([]))).to.deep.equal([]);
  });
});
