import type { ProgressPiece, Result } from '@troupe/client';
import { footer } from './footer.js';
import { pieceLines } from './plain.js';
import type { Presenter, Report, View } from './presenter.js';
import { record } from './record.js';
import { bySender, isShown, isSilent } from './replies.js';
import { summaryLines } from './summary.js';

/** For people: a record for each reply that the DDL wants shown, then summaries, then what did not answer. */
export class TextPresenter implements Presenter {
  readonly isForPeople = true;
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  discovered(): void {}

  begun(requestId: string): void {
    if (this.#view.screen.isVerbose) this.#view.screen.note(`Request ${requestId}`);
  }

  progress({ sender, data }: ProgressPiece): void {
    for (const line of pieceLines(data)) this.#view.screen.print(`${sender}: ${line}`);
  }

  result(result: Result): void {
    if (!this.#view.options.sort) this.#show(result);
  }

  end(report: Report): void {
    const { screen, options } = this.#view;
    if (options.sort) for (const result of report.results.toSorted(bySender)) this.#show(result);
    for (const line of summaryLines(report.summaries)) screen.print(line);
    footer(screen, report);
  }

  #show(result: Result): void {
    const { screen, ddl, display } = this.#view;
    if (!isSilent(result) && isShown(result, display)) screen.print(record(screen, result, ddl));
  }
}
