import type { Screen } from '../terminal/screen.js';
import { footer } from './footer.js';
import { plainLine } from './plain.js';
import type { Presenter, Report } from './presenter.js';
import { bySender, isSilent } from './replies.js';
import type { Described, Template } from './template.js';
import { statusWord } from './wording.js';

/** A line of each node's inventory, as a template says, sorted by name. */
export class FormattedPresenter implements Presenter {
  readonly isForPeople = true;
  readonly #screen: Screen;
  readonly #template: Template;

  constructor(screen: Screen, template: Template) {
    this.#screen = screen;
    this.#template = template;
  }

  discovered(): void {}
  begun(): void {}
  progress(): void {}
  result(): void {}

  end(report: Report): void {
    for (const result of report.results.toSorted(bySender)) {
      if (result.ok) this.#screen.print(this.#template(result.sender, result.data as Described));
      else if (!isSilent(result))
        this.#screen.warn(`mco: ${result.sender}: ${statusWord(result)}: ${plainLine(result.statusmsg)}`);
    }
    footer(this.#screen, report);
  }
}
