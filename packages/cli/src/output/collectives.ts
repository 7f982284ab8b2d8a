import { writeFileSync } from 'node:fs';
import type { Result } from '@troupe/client';
import { naturalOrder, systemReasonOf } from '@troupe/core/internal';
import { UsageError } from '../failure.js';
import type { Screen } from '../terminal/screen.js';
import { collectiveMap } from './collective-map.js';
import { footer } from './footer.js';
import { statisticsOf } from './json-replies.js';
import type { Presenter, Report } from './presenter.js';

/** Which collectives there are, and how many nodes are in each. */
export class CollectivesPresenter implements Presenter {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  get isForPeople(): boolean {
    return this.#screen.json === undefined;
  }

  discovered(): void {}
  begun(): void {}
  progress(): void {}
  result(): void {}

  end(report: Report): void {
    const sorted = [...membersOf(report.results)].sort(([a], [b]) => naturalOrder(a, b));
    const { json } = this.#screen;
    if (!json) {
      this.#print(report, sorted);
      return;
    }
    for (const [name, nodes] of sorted)
      json.result({ name, count: nodes.length, nodes: nodes.toSorted(naturalOrder) });
    json.summarize(statisticsOf(report));
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

/** The same as a graph, in a file, or with `-` on standard output. */
export class CollectiveMapPresenter implements Presenter {
  readonly isForPeople = true;
  readonly #screen: Screen;
  readonly #file: string;

  constructor(screen: Screen, file: string) {
    this.#screen = screen;
    this.#file = file;
  }

  discovered(): void {}
  begun(): void {}
  progress(): void {}
  result(): void {}

  end(report: Report): void {
    const map = collectiveMap(membersOf(report.results));
    if (this.#file === '-') this.#screen.print(map.trimEnd());
    else {
      try {
        writeFileSync(this.#file, map);
      } catch (error) {
        throw new UsageError(`--collective-map: cannot write ${this.#file}: ${systemReasonOf(error)}`);
      }
      this.#screen.note(`Graph written to ${this.#file}; to draw it: dot -Tsvg ${this.#file}`);
    }
    footer(this.#screen, report);
  }
}

function membersOf(results: readonly Result[]): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const { sender, ok, data } of results) {
    for (const name of ok && Array.isArray(data.collectives) ? data.collectives.map(String) : []) {
      members.set(name, [...(members.get(name) ?? []), sender]);
    }
  }
  return members;
}
