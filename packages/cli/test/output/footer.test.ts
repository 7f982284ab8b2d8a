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

  it('counts', () => {
    expect(linesOf(reportOn([result('a', 'ok'), result('b', 'ok')]))).to.deep.equal([
      'Finished processing 2 / 2 hosts in 1.50 s',
    ]);
    expect(
      linesOf(reportOn([result('a', 'ok'), result('b', 'failed')], { offline: ['c', 'd'] })),
    ).to.deep.equal(['Finished processing 2 / 2 hosts in 1.50 s, 1 not ok; 2 nodes offline']);
    expect(linesOf(reportOn([result('a', 'ok')], { before: 9, seed: 77 }))).to.deep.equal([
      'Finished processing 1 / 1 hosts in 1.50 s; picked from 9 (--limit-seed 77 picks the same)',
    ]);
  });

  it('names who did not answer, by reason', () => {
    const report = reportOn([
      result('a', 'ok'),
      result('c', 'offline', { statusmsg: 'the node is offline' }),
      result('b', 'offline', { statusmsg: 'the node is offline' }),
      result('d', 'no-reply', {
        statusmsg: 'the node is online but did not reply: the request was sent 4 times in 10 s',
      }),
    ]);
    expect(linesOf(report)).to.deep.equal([
      'No answer from: b, c (offline)',
      'No answer from: d (no reply: the node is online but did not reply: the request was sent 4 times in 10 s)',
      'Finished processing 1 / 4 hosts in 1.50 s',
    ]);
  });

  it('names who was silent when nodes were looked for, and who came unexpected', () => {
    const report = reportOn([result('a', 'ok')], { silent: ['z'] });
    const more = { ...report, stats: { ...report.stats, unexpected: ['y'] } };
    expect(linesOf(more).slice(0, 2)).to.deep.equal([
      'Did not answer when nodes were looked for: z (online, said nothing)',
      'Answered without being expected: y',
    ]);
  });

  it('says of those that were silent to the request itself that they may run it, though there are no targets', () => {
    const report = reportOn([], { silent: ['y', 'z'], offline: ['x', 'z'], byRequest: true });
    expect(linesOf(report)).to.deep.equal([
      'Did not say whether they are meant: y (online, said nothing; they may run it yet)',
      'Did not say whether they are meant: z (went offline before they said anything; whether they had begun is not known)',
    ]);
  });

  it('keeps its warnings when it is to be quiet, and its count to itself', () => {
    const report = reportOn([result('b', 'offline', { statusmsg: 'the node is offline' })]);
    expect(linesOf(report, { isQuiet: true })).to.deep.equal(['No answer from: b (offline)']);
  });

  it('shortens a long list unless --verbose', () => {
    const results = Array.from({ length: 103 }, (_, index) =>
      result(`n${index}`, 'offline', { statusmsg: 'the node is offline' }),
    );
    expect(linesOf(reportOn(results))[0]).to.match(/ and 3 more \(-v names all\) \(offline\)$/);
    expect(linesOf(reportOn(results), { isVerbose: true })[0]?.split(', ')).to.have.length(103);
  });

  it('has all numbers with --verbose', () => {
    const text = linesOf(reportOn([result('a', 'ok'), result('b', 'failed')]), { isVerbose: true }).join(
      '\n',
    );
    expect(text).to.include('---- request stats ----');
    expect(text).to.match(/Nodes: 2 \/ 2\n +Pass \/ Fail: 1 \/ 1\n +No Answer: 0\n/);
    expect(text).to.match(/Total Time: 2.00 s\n +Request Id: 0{32}$/);
  });

  it('says with --verbose that no discovery was made', () => {
    const report = reportOn([result('a', 'ok')], { byRequest: true, seconds: 0 });
    expect(linesOf(report, { isVerbose: true }).join('\n')).to.include(
      'Discovery Time: none, the request itself asked\n',
    );
  });

  it('says nothing of a call that was not made', () => {
    expect(linesOf(reportOn([]))).to.deep.equal([]);
  });
});
