import { expect } from 'chai';
import { describe, it } from 'mocha';
import { collectiveMap } from '../../src/output/collective-map.js';
import { CollectivesPresenter } from '../../src/output/collectives.js';
import { FactsPresenter } from '../../src/output/facts.js';
import { printJob } from '../../src/output/job.js';
import { nameList } from '../../src/output/naming.js';
import type { Presenter } from '../../src/output/presenter.js';
import { presenterOf } from '../../src/output/presenters.js';
import { captured } from '../captured.js';
import { reportOn, result, weigh } from '../report.js';

type Shown = ReturnType<typeof captured>['screen'];

const results = ['node-10', 'node-2', 'node-1'].map((sender) =>
  result(sender, 'ok', { data: { value: 'x', collectives: ['c10', 'c9'] } }),
);
const view = { agent: 'lab', action: 'weigh', ddl: weigh };
const shownBy = (options: object) => async (screen: Shown) =>
  end(await presenterOf({ progress: false, ...options }, { screen, ...view }));

function end(presenter: Presenter): void {
  presenter.end(reportOn(results));
}

describe('lists put node-2 before node-10', () => {
  const lists: readonly (readonly [string, (screen: Shown) => unknown])[] = [
    ['records with --sort', shownBy({ sort: true, display: 'all' })],
    ['--table', shownBy({ table: true })],
    ['--senders', shownBy({ senders: true })],
    ['names by the value of a fact', (screen) => end(verbose(new FactsPresenter(screen, 'os', {}), screen))],
    [
      'the nodes of a job',
      (screen) =>
        printJob(screen, { id: '1', about: undefined, running: ['node-10', 'node-2', 'node-1'], ended: [] }),
    ],
    [
      'a list of names in one line',
      (screen) => screen.print(nameList(['node-10', 'node-2', 'node-1'], true)),
    ],
    ['a graph', (screen) => screen.print(collectiveMap(new Map([['c', ['node-10', 'node-2', 'node-1']]])))],
  ];
  for (const [what, show] of lists)
    it(what, async () => {
      const { screen, stdout } = captured();
      await show(screen);
      const names = [...new Set(stdout().match(/node-\d+/g))];
      expect(names).to.deep.equal(['node-1', 'node-2', 'node-10']);
    });

  it('collectives too', () => {
    const { screen, stdout } = captured();
    end(new CollectivesPresenter(screen));
    expect(stdout().match(/c\d+/g)).to.deep.equal(['c9', 'c10']);
  });
});

function verbose<T>(presenter: T, screen: Shown): T {
  screen.isVerbose = true;
  return presenter;
}
