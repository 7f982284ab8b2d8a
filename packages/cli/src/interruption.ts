import { counted } from './output/wording.js';
import type { Screen } from './screen.js';

/** Milliseconds in which a second Ctrl-C cancels what the first one left alone. */
const patience = 3_000;
/** Milliseconds for nodes to say that they have cancelled. */
const cancelling = 5_000;

/** What is interrupted. */
export interface Interruptible {
  /** Nodes that have been asked and have not ended. */
  open(): readonly string[];
  cancel(): Promise<void>;
}

/**
 * Ctrl-C: the first one stops the waiting, after a moment in which a second one cancels the action on the nodes.
 * Where nobody sits at a terminal there is no second one, so the first stops at once.
 */
export class Interruption {
  readonly #screen: Screen;
  readonly #abort = new AbortController();
  readonly #onSignal = () => this.#press();
  #call: Interruptible | undefined;
  #presses = 0;
  #timer: NodeJS.Timeout | undefined;
  #wasCancelled = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    process.on('SIGINT', this.#onSignal);
  }

  /** Fires when nobody waits any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isInterrupted(): boolean {
    return this.#presses > 0;
  }

  get wasCancelled(): boolean {
    return this.#wasCancelled;
  }

  /** From now on there is something to cancel. */
  watch(call: Interruptible): void {
    this.#call = call;
  }

  stop(): void {
    clearTimeout(this.#timer);
    process.off('SIGINT', this.#onSignal);
  }

  #press(): void {
    this.#presses += 1;
    const open = this.#call?.open() ?? [];
    if (!this.#call || open.length === 0 || this.#presses > 2) this.#abort.abort();
    else if (this.#presses === 2) this.#cancel(this.#call, open.length);
    else if (!this.#screen.isInteractive) this.#abort.abort();
    else {
      this.#screen.warn(
        `\nWaiting no longer for ${counted(open.length)}; Ctrl-C again within ${patience / 1000} s cancels the action there`,
      );
      this.#endIn(patience);
    }
  }

  #cancel(call: Interruptible, count: number): void {
    this.#wasCancelled = true;
    this.#screen.warn(`\nCancelling on ${counted(count)}`);
    this.#endIn(cancelling);
    call.cancel().catch((error: Error) => {
      this.#screen.warn(`mco: cannot cancel: ${error.message}`);
      this.#abort.abort();
    });
  }

  #endIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(), milliseconds);
  }
}
