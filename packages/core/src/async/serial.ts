/** Runs tasks one after the other, in the order in which they come; one that fails stops no other. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a task in its turn; not at all if the signal fires before that. */
  run<T>(task: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#last.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    // Whoever comes next waits for the end of this one, whichever it is.
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when all that has come until now has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

/** Runs tasks of the same key one after the other, and those of different keys at the same time. */
export class KeyedSerial {
  // no peer fills this: whoever runs tasks bounds them; a line without tasks is removed
  readonly #lines = new Map<string, { readonly serial: Serial; tasks: number }>();

  /** Runs a task in the turn that it has among those of its key; not at all if the signal fires before that. */
  async run<T>(key: string, task: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const line = this.#lines.get(key) ?? { serial: new Serial(), tasks: 0 };
    this.#lines.set(key, line);
    line.tasks += 1;
    try {
      return await line.serial.run(task, signal);
    } finally {
      line.tasks -= 1;
      if (line.tasks === 0) this.#lines.delete(key);
    }
  }

  /** Resolves when all that has come until now has ended. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lines.values()].map(({ serial }) => serial.idle()));
  }
}
