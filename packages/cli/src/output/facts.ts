import { canonicalJson } from '@troupe/core';
import { naturalOrder, wrap } from '@troupe/core/internal';
import type { Screen } from '../terminal/screen.js';
import { columns } from './columns.js';
import { footer } from './footer.js';
import { statisticsOf } from './json-replies.js';
import { plainLine } from './plain.js';
import type { Presenter, Report } from './presenter.js';
import { counted } from './wording.js';

/** Which values a fact has, the most frequent first, and on how many nodes each. */
export class FactsPresenter implements Presenter {
  readonly #screen: Screen;
  readonly #fact: string;
  readonly #isReverse: boolean;

  constructor(screen: Screen, fact: string, options: { readonly reverse?: true }) {
    this.#screen = screen;
    this.#fact = fact;
    this.#isReverse = options.reverse === true;
  }

  get isForPeople(): boolean {
    return this.#screen.json === undefined;
  }

  discovered(): void {}
  begun(): void {}
  progress(): void {}
  result(): void {}

  end(report: Report): void {
    const ok = report.results.filter(({ ok }) => ok);
    const lacking = ok.filter(({ data }) => data.value === null).map(({ sender }) => sender);
    const values = countValues(ok.filter(({ data }) => data.value !== null));
    if (this.#isReverse) values.reverse();
    const { json } = this.#screen;
    if (!json) {
      this.#print(report, values, lacking);
      return;
    }
    for (const { value, nodes } of values) json.result({ value, count: nodes.length, nodes });
    json.summarize(statisticsOf(report), { fact: this.#fact, unknown: lacking.sort(naturalOrder) });
  }

  #print(report: Report, values: readonly Counted[], lacking: readonly string[]): void {
    const screen = this.#screen;
    if (report.results.length > 0) screen.print(`Report for fact: ${this.#fact}\n`);
    const texts = values.map(({ value }) =>
      plainLine(typeof value === 'string' ? value : JSON.stringify(value)),
    );
    const widest = Math.min(40, Math.max(0, ...texts.map((text) => text.length)));
    for (const [index, { nodes }] of values.entries()) {
      const found = `found ${counted(nodes.length, 'time')}`;
      const lines = wrap(texts[index] ?? '', screen.rowWidth - found.length - 4);
      const last = lines.at(-1) ?? '';
      for (const line of lines.slice(0, -1)) screen.print(`   ${line}`);
      screen.print(`   ${last.padEnd(widest)} ${found}`);
      this.#printNames(nodes);
    }
    if (lacking.length > 0) {
      screen.print(`   ${counted(lacking.length)} without this fact`);
      this.#printNames(lacking);
    }
    if (report.results.length > 0 && !screen.isVerbose) screen.print('');
    footer(screen, report);
  }

  #printNames(nodes: readonly string[]): void {
    if (!this.#screen.isVerbose) return;
    this.#screen.print(['', ...columns(nodes.toSorted(naturalOrder), this.#screen.width, 6), ''].join('\n'));
  }
}

interface Counted {
  readonly value: unknown;
  readonly nodes: string[];
}

function countValues(results: readonly { sender: string; data: Record<string, unknown> }[]): Counted[] {
  const byValue = new Map<string, Counted>();
  for (const { sender, data } of results) {
    const key = canonicalJson(data.value);
    const counted = byValue.get(key) ?? { value: data.value, nodes: [] };
    counted.nodes.push(sender);
    byValue.set(key, counted);
  }
  return [...byValue]
    .sort(([a, one], [b, other]) => other.nodes.length - one.nodes.length || naturalOrder(a, b))
    .map(([, value]) => value);
}
