import type { ProgressPiece, Result } from '@troupe/client';
import { wrap } from '@troupe/core/internal';
import Table from 'cli-table3';
import { footer } from './footer.js';
import { pieceLines, plainLine, valueLines } from './plain.js';
import type { Presenter, Report, View } from './presenter.js';
import { labelOf } from './record.js';
import { bySender, isShown, isSilent } from './replies.js';
import { summaryLines } from './summary.js';
import { statusWord } from './wording.js';

/** A table with a row for each reply and a column for each output. */
export class TablePresenter implements Presenter {
  readonly isForPeople = true;
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  discovered(): void {}

  begun(): void {}

  progress({ sender, data }: ProgressPiece): void {
    for (const line of pieceLines(data)) this.#view.screen.warn(`${sender}: ${line}`);
  }

  result(): void {}

  end(report: Report): void {
    const { screen, ddl, display } = this.#view;
    const shown = report.results.filter((result) => !isSilent(result) && isShown(result, display));
    const rows = shown.toSorted(bySender);
    const outputs = [
      ...new Set([...Object.keys(ddl?.output ?? {}), ...rows.flatMap(({ data }) => Object.keys(data))]),
    ];
    const areOk = rows.every(({ ok }) => ok);
    const head = [
      'Sender',
      ...(areOk ? [] : ['Status']),
      ...outputs.map((name) => plainLine(labelOf(ddl, name))),
    ];
    const cells = rows.map((result) => [
      result.sender,
      ...(areOk ? [] : [statusCell(result)]),
      ...outputs.map((name) => valueLines(result.data[name], 40).join('\n')),
    ]);
    if (rows.length > 0) screen.print(tableOf(head, cells, screen.rowWidth));
    for (const line of summaryLines(report.summaries)) screen.print(line);
    footer(screen, report);
  }
}

/**
 * A box of rows, without colours, that is no wider than `width`: long cells are wrapped, and columns for which there is no
 * room stand in further boxes, each beside the first column again.
 */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const natural = head.map((_, column) => Math.max(...[head, ...rows].map((row) => widestLine(row[column]))));
  return groupsOf(natural, width)
    .map((group) => {
      const widths = narrowed(
        group.map((column) => natural[column] ?? 0),
        width,
      );
      const pick = (row: readonly string[]) =>
        group.map((column, at) => wrap(row[column] ?? '', widths[at] ?? 1).join('\n'));
      const table = new Table({ head: pick(head), style: { head: [], border: [] } });
      table.push(...rows.map(pick));
      return table.toString();
    })
    .join('\n');
}

/** Characters to which a column may be narrowed; its frame takes three more. */
const leastWidth = 16;
const frame = 3;

// The columns of each box. One box has them all if they fit when the wide ones are narrowed.
function groupsOf(natural: readonly number[], width: number): readonly (readonly number[])[] {
  const room = (columns: readonly number[], least: (column: number) => number) =>
    columns.reduce((sum, column) => sum + frame + least(column), 1);
  const narrow = (column: number) =>
    column === 0 ? (natural[0] ?? 0) : Math.min(natural[column] ?? 0, leastWidth);
  const all = [...natural.keys()];
  if (room(all, narrow) <= width) return [all];
  const groups: number[][] = [];
  for (const column of all.slice(1)) {
    const last = groups.at(-1);
    if (last && room([...last, column], (one) => natural[one] ?? 0) <= width) last.push(column);
    else groups.push([0, column]);
  }
  return groups.length > 0 ? groups : [all];
}

// The widest columns give way first; the first one, which names the row, last.
function narrowed(widths: readonly number[], width: number): readonly number[] {
  const left = [...widths];
  const shorten = (columns: readonly number[], least: number) => {
    while (left.reduce((sum, one) => sum + one + frame, 1) > width) {
      const widest = Math.max(...columns.map((column) => left[column] ?? 0));
      if (widest <= least) return;
      left[left.findIndex((one, column) => one === widest && columns.includes(column))] = widest - 1;
    }
  };
  shorten([...left.keys()].slice(1), leastWidth);
  shorten([...left.keys()], leastWidth / 2);
  return left;
}

function widestLine(text: string | undefined): number {
  return Math.max(0, ...(text ?? '').split('\n').map((line) => line.length));
}

function statusCell(result: Result): string {
  return result.ok ? statusWord(result) : `${statusWord(result)}\n${plainLine(result.statusmsg)}`;
}
