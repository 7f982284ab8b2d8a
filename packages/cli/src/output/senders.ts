import type { ProgressPiece } from '@troupe/client';
import { footer } from './footer.js';
import { statisticsOf } from './json-replies.js';
import { pieceLines } from './plain.js';
import type { Presenter, Report, View } from './presenter.js';
import { bySender, isShown, isSilent } from './replies.js';

/** Only the names of the nodes that answered: one on each line, or a result of each. */
export class SendersPresenter implements Presenter {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  get isForPeople(): boolean {
    return this.#view.screen.json === undefined;
  }

  discovered(): void {}

  begun(): void {}

  progress({ sender, data }: ProgressPiece): void {
    for (const line of pieceLines(data)) this.#view.screen.warn(`${sender}: ${line}`);
  }

  result(): void {}

  end(report: Report): void {
    const { screen, display } = this.#view;
    const shown = report.results.filter((result) => !isSilent(result) && isShown(result, display));
    const senders = shown.toSorted(bySender).map(({ sender }) => sender);
    if (screen.json) {
      for (const sender of senders) screen.json.result({ sender });
      screen.json.summarize(statisticsOf(report), { agent: report.agent, action: report.action });
      return;
    }
    for (const sender of senders) screen.print(sender);
    footer(screen, report);
  }
}
