import { expect } from 'chai';
import { describe, it } from 'mocha';
import { FactsPresenter } from '../../src/output/facts.js';
import { captured } from '../captured.js';
import { reportOn, result } from '../report.js';

const report = reportOn([
  result('a', 'ok', { data: { value: 'Debian' } }),
  result('b', 'ok', { data: { value: { major: 12 } } }),
  result('c', 'ok', { data: { value: 'Debian' } }),
  result('d', 'ok', { data: { value: null } }),
  result('e', 'failed'),
]);

describe('facts', () => {
  const shown = (options: { reverse?: true; json?: 'document' }, isVerbose = false) => {
    const { screen, stdout, stderr } = captured({ isVerbose, ...options });
    new FactsPresenter(screen, 'os', options).end(report);
    screen.json?.end();
    return { stdout: stdout(), stderr: stderr() };
  };

  it('counts values, the most frequent first', () => {
    expect(shown({}).stdout).to.equal(
      [
        'Report for fact: os',
        '',
        '   Debian       found 2 times',
        '   {"major":12} found 1 time',
        '   1 node without this fact',
        '',
        '',
      ].join('\n'),
    );
    expect(shown({}).stderr).to.include('Finished processing 5 / 5 hosts in 1.50 s, 1 not ok');
  });

  it('begins with the rarest value with --reverse', () => {
    expect(shown({ reverse: true }).stdout.split('\n')[2]).to.include('{"major":12}');
  });

  it('names the nodes with --verbose', () => {
    expect(shown({}, true).stdout).to.include('found 2 times\n\n      a  c\n');
  });

  it('is JSON with --json', () => {
    const { fact, results, unknown } = JSON.parse(shown({ json: 'document' }).stdout);
    expect({ fact, results, unknown }).to.deep.equal({
      fact: 'os',
      results: [
        { value: 'Debian', count: 2, nodes: ['a', 'c'] },
        { value: { major: 12 }, count: 1, nodes: ['b'] },
      ],
      unknown: ['d'],
    });
  });
});
