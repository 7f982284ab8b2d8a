import { expect } from 'chai';
import { describe, it } from 'mocha';
import { printFindings } from '../../src/commands/doctor/print-findings.js';
import { agentDoc } from '../../src/output/agent-doc.js';
import { FactsPresenter } from '../../src/output/facts.js';
import { JobListPresenter } from '../../src/output/job-list.js';
import { tableOf } from '../../src/output/table.js';
import { captured } from '../captured.js';
import { ddl } from '../lab-agent.js';
import { reportOn, result } from '../report.js';

const widestOf = (text: string) => Math.max(...text.split('\n').map((line) => line.length));
const long = 'the certificate of the broker is signed by a CA that is not in the file of CA certificates';

describe('a table of replies', () => {
  const row = (count: number) => ['node-1.example.net', ...Array.from({ length: count }, () => 'a value')];
  const head = (count: number) => [
    'Sender',
    ...Array.from({ length: count }, (_, at) => `Output number ${at}`),
  ];

  it('has one line for each row where nothing limits its width', () => {
    expect(tableOf(head(16), [row(16)]).split('\n')).to.have.length(5);
  });

  for (const width of [60, 80, 120])
    it(`fits ${width} columns with 16 outputs, which are all there, each beside the name of the node`, () => {
      const text = tableOf(head(16), [row(16)], width);
      expect(widestOf(text)).to.be.at.most(width);
      for (const title of head(16).slice(1)) expect(text).to.match(new RegExp(`│ ${title} +│`));
      expect(text.match(/a value/g)).to.have.length(16);
      expect(text.match(/node-1\.example\.net/g)).to.have.length(text.match(/Sender/g)?.length ?? 0);
    });

  it('wraps long cells where that is enough', () => {
    const text = tableOf(['Sender', 'Reason', 'Count'], [['node-1', `${long} ${'x'.repeat(90)}`, '5']], 80);
    expect(widestOf(text)).to.be.at.most(80);
    expect(text.match(/Sender/g)).to.have.length(1);
    expect(text.match(/x/g)).to.have.length(90);
  });
});

describe('other lists on a terminal of 80 columns', () => {
  const nodes = ['node-1', 'node-2'];
  const jobs = nodes.map((sender) => ({
    id: '0123456789abcdef'.repeat(2),
    agent: 'package',
    action: `update_of_${sender}`,
    collective: 'mcollective',
    started: 0,
    outcome: null,
  }));
  const shown: readonly (readonly [string, (screen: ReturnType<typeof onTerminal>['screen']) => void])[] = [
    ['facts', (screen) => new FactsPresenter(screen, 'os', {}).end(reportOn([replied({ value: { long } })]))],
    ['jobs', (screen) => new JobListPresenter(screen, {}).end(reportOn([replied({ now: 5000, jobs })]))],
    ['findings', (screen) => printFindings(screen, [{ level: 'fault', subject: 'broker', message: long }])],
    ['an agent', (screen) => screen.print(agentDoc(verbose(ddl), screen.width))],
  ];
  for (const [what, show] of shown)
    it(`wraps ${what} within the width`, () => {
      const { screen, stdout } = onTerminal();
      show(screen);
      const text = stdout();
      expect(text).to.not.equal('');
      expect(widestOf(text)).to.be.at.most(80);
    });
});

function onTerminal() {
  const all = captured();
  Object.assign(all.screen.stdout, { isTTY: true, columns: 80 });
  return all;
}

function replied(data: Record<string, unknown>) {
  return result('node-1', 'ok', { data });
}

function verbose(agent: typeof ddl) {
  const actions = agent.actions.map((action) => ({ ...action, description: `${long}. ${long}` }));
  return { ...agent, metadata: { ...agent.metadata, description: `${long}. ${long}` }, actions };
}
