import type { ProgressPiece, Result } from '@troupe/client';
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
    if (rows.length > 0) screen.print(tableOf(head, cells));
    for (const line of summaryLines(report.summaries)) screen.print(line);
    footer(screen, report);
  }
}

/** A box of rows, without colours. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

function statusCell(result: Result): string {
  return result.ok ? statusWord(result) : `${statusWord(result)}\n${plainLine(result.statusmsg)}`;
}
