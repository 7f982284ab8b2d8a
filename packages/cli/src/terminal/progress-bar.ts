import type { Overlay, Screen } from './screen.js';

/** Milliseconds after which it is worth looking at a bar. */
const delay = 400;
const redrawEvery = 200;
const mostColumns = 60;

/**
 * How many nodes have ended, on a terminal's standard error. Lines may be written to either stream while it is
 * there, which is what the bars of cli-progress cannot do: they draw at the place where they began.
 */
export class ProgressBar implements Overlay {
  readonly #screen: Screen;
  readonly #total: () => number;
  readonly #start = Date.now();
  #ended = 0;
  #isDrawn = false;
  #timer: NodeJS.Timeout | undefined;

  /** The total may change while the bar is shown. */
  constructor(screen: Screen, total: () => number) {
    this.#screen = screen;
    this.#total = total;
  }

  /** Whether the bar would be visible. */
  static isWanted(screen: Screen, options: { readonly progress: boolean }): boolean {
    return options.progress && !screen.isQuiet && screen.stderr.isTTY === true;
  }

  start(): void {
    this.#screen.overlay = this;
    this.#timer = setTimeout(() => {
      this.#draw();
      this.#timer = setInterval(() => this.#draw(), redrawEvery);
    }, delay);
  }

  add(): void {
    this.#ended += 1;
  }

  hide(): void {
    if (this.#isDrawn) this.#screen.stderr.write('\r\x1b[K');
    this.#isDrawn = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.hide();
    this.#screen.overlay = undefined;
  }

  #draw(): void {
    const seconds = Math.round((Date.now() - this.#start) / 1000);
    this.#screen.stderr.write(
      `\r${barLine(this.#ended, this.#total(), seconds, this.#screen.stderr.columns || 80)}\x1b[K`,
    );
    this.#isDrawn = true;
  }
}

/** `3 / 27   4s [=====>      ] 11%`, as wide as fits; without a total, nodes are still being discovered. */
export function barLine(ended: number, total: number, seconds: number, columns: number): string {
  if (total === 0) return 'Discovering nodes .... '.slice(0, columns - 1);
  const share = ended / total;
  const head = `${String(ended).padStart(String(total).length)} / ${total}  ${seconds}s`;
  const tail = `${Math.floor(share * 100)}%`;
  const room = Math.min(mostColumns, columns - head.length - ' [] 100%'.length - 1);
  if (room < 10) return `${ended} / ${total}`;
  const full = Math.floor(share * room);
  const bar = '='.repeat(full) + (full > 0 && full < room ? '>' : '');
  return `${head} [${bar.slice(0, room).padEnd(room)}] ${tail}`;
}
