/** Runs tasks for the same name one after the other, in the order in which they came. */
export class NameQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the task in its turn; not at all if the signal fires before that. */
  async run<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const turn = before.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    // Whoever comes next waits for the end of this one, whichever it is.
    const end = turn.catch(() => undefined);
    this.#last.set(name, end);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === end) this.#last.delete(name);
    }
  }
}
