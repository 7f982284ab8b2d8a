import { ExitCode, type InterruptionCode } from '../exit.js';
import { counted } from '../output/wording.js';
import type { Screen } from '../terminal/screen.js';

/** Milliseconds in which a second Ctrl-C cancels what the first one left alone. */
const patience = 3_000;
/** Milliseconds for nodes to confirm that they have cancelled. */
export const cancelling = 5_000;

/** What is interrupted. */
export interface Interruptible {
  /** Nodes that have been asked and have not ended. */
  open(): readonly string[];
  cancel(): Promise<void>;
}

/**
 * Ctrl-C: the first one stops the waiting, after a moment in which a second one cancels the action on the nodes.
 * Without a terminal there is no second one, so the first stops at once, and so does SIGTERM.
 */
export class Interruption {
  readonly #screen: Screen;
  readonly #abort = new AbortController();
  readonly #onInterrupt = () => this.#press();
  readonly #onTerminate = () => this.#terminate();
  #call: Interruptible | undefined;
  #presses = 0;
  #timer: NodeJS.Timeout | undefined;
  #wasTerminated = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onTerminate);
  }

  /** Fires when mco stops waiting. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** With what `mco` ends because of it; nothing where it was left alone. */
  get exitCode(): InterruptionCode | undefined {
    if (this.#wasTerminated) return ExitCode.terminated;
    return this.#presses > 0 ? ExitCode.interrupted : undefined;
  }

  /** From now on there is something to cancel. */
  watch(call: Interruptible): void {
    this.#call = call;
  }

  stop(): void {
    clearTimeout(this.#timer);
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
  }

  #terminate(): void {
    this.#wasTerminated = true;
    this.#abort.abort();
  }

  #press(): void {
    this.#presses += 1;
    const open = this.#call?.open() ?? [];
    if (!this.#call || open.length === 0 || this.#presses > 2) this.#abort.abort();
    else if (this.#presses === 2) this.#cancel(this.#call, open.length);
    else if (!this.#screen.isInteractive) this.#abort.abort();
    else {
      this.#screen.warn(
        `\nNo longer waiting for ${counted(open.length)}. Press Ctrl-C again within ${patience / 1000} s to cancel the action there`,
      );
      this.#endIn(patience);
    }
  }

  #cancel(call: Interruptible, count: number): void {
    this.#screen.warn(`\nCancelling the action on ${counted(count)}`);
    this.#endIn(cancelling);
    call.cancel().catch((error: Error) => {
      this.#screen.warn(`mco: cannot cancel the action: ${error.message}`);
      this.#abort.abort();
    });
  }

  #endIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(), milliseconds);
  }
}
