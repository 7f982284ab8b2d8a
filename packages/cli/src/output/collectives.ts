import type { Screen } from '../screen.js';
import { footer } from './footer.js';
import { printJson, statsOf } from './json.js';
import type { Presenter, Report } from './presenter.js';

/** Which collectives there are, and how many nodes are in each. */
export class CollectivesPresenter implements Presenter {
  readonly isForPeople: boolean;
  readonly #screen: Screen;

  constructor(screen: Screen, isJson: boolean) {
    this.#screen = screen;
    this.isForPeople = !isJson;
  }

  discovered(): void {}
  begun(): void {}
  progress(): void {}
  result(): void {}

  end(report: Report): void {
    const members = new Map<string, string[]>();
    for (const { sender, ok, data } of report.results) {
      for (const name of ok && Array.isArray(data.collectives) ? data.collectives.map(String) : []) {
        members.set(name, [...(members.get(name) ?? []), sender]);
      }
    }
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
    if (this.isForPeople) this.#print(report, sorted);
    else {
      const collectives = sorted.map(([name, nodes]) => ({ name, count: nodes.length, nodes: nodes.sort() }));
      printJson(this.#screen, { collectives, request_stats: statsOf(report) });
    }
  }

  #print(report: Report, members: readonly (readonly [string, readonly string[]])[]): void {
    const screen = this.#screen;
    const widest = Math.max('Collective'.length, ...members.map(([name]) => name.length));
    if (members.length > 0) {
      const rows = members.map(
        ([name, nodes]) => `   ${name.padEnd(widest)}   ${String(nodes.length).padStart(5)}`,
      );
      screen.print([`   ${'Collective'.padEnd(widest)}   Nodes`, ...rows, ''].join('\n'));
    }
    footer(screen, report);
  }
}
