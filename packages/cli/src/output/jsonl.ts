import type { ProgressPiece, Result } from '@troupe/client';
import type { Found } from '../selection.js';
import { replyOf, statsOf, summariesOf, wayOf } from './json.js';
import type { Presenter, Report, View } from './presenter.js';
import { isShown, isSilent } from './replies.js';

/** A line of JSON for everything as it comes; `kind` says what a line is. */
export class JsonLinesPresenter implements Presenter {
  readonly isForPeople = false;
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  discovered(found: Found): void {
    const { nodes, seconds } = found;
    this.#line('discovery', { method: wayOf(found), nodes, seconds });
  }

  begun(requestId: string): void {
    this.#line('request', { requestid: requestId });
  }

  progress({ sender, data }: ProgressPiece): void {
    this.#line('progress', { sender, data });
  }

  result(result: Result): void {
    const { sender, state, statusmsg } = result;
    if (isSilent(result)) this.#line('no_answer', { sender, state, statusmsg });
    else if (isShown(result, this.#view.display)) this.#line('result', replyOf(result));
  }

  end(report: Report): void {
    this.#line('summaries', { summaries: summariesOf(report.summaries) });
    this.#line('stats', { request_stats: statsOf(report) });
  }

  #line(kind: string, value: object): void {
    this.#view.screen.print(JSON.stringify({ kind, ...value }));
  }
}
