/**
 * An AbortController whose signal is made when somebody asks for it: most actions never do, and a signal with its
 * listeners costs as much as all the rest of a short one.
 */
export class LateAbort {
  #controller: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;
  readonly #within: (work: () => void) => void;
  // no peer fills this: it holds at most two listeners of the daemon itself
  readonly #listeners: ((reason: unknown) => void)[] = [];

  /** `within` is where those who listen to the signal do their work. */
  constructor(within: (work: () => void) => void = (work) => work()) {
    this.#within = within;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Aborts, once. */
  abort(reason: unknown): void {
    if (this.#reason) return;
    this.#reason = { value: reason };
    this.#within(() => this.#controller?.abort(reason));
    for (const listener of this.#listeners) listener(reason);
  }

  /** Calls `listener` with the reason: at once where that is known. */
  onAbort(listener: (reason: unknown) => void): void {
    if (this.#reason) listener(this.#reason.value);
    else this.#listeners.push(listener);
  }
}
