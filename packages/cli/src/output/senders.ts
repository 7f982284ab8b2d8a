import type { ProgressPiece } from '@troupe/client';
import { footer } from './footer.js';
import { printJson } from './json.js';
import { pieceLines } from './plain.js';
import type { Presenter, Report, View } from './presenter.js';
import { bySender, isShown, isSilent } from './replies.js';

/** Only the names of the nodes that answered: one on each line, or an array. */
export class SendersPresenter implements Presenter {
  readonly #view: View;
  readonly #isJson: boolean;

  constructor(view: View, isJson: boolean) {
    this.#view = view;
    this.#isJson = isJson;
  }

  get isForPeople(): boolean {
    return !this.#isJson;
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
    if (this.#isJson) printJson(screen, senders);
    else for (const sender of senders) screen.print(sender);
    if (!this.#isJson) footer(screen, report);
  }
}
