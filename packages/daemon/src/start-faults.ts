import { TroupeError } from '@troupe/core';

/** Several reasons why a daemon does not start, all at once. */
export class StartFaults extends TroupeError {
  readonly faults: readonly TroupeError[];

  constructor(faults: readonly [TroupeError, ...TroupeError[]]) {
    super(faults[0].code, faults.map(({ message }) => message).join('; '));
    this.faults = faults;
  }
}

/** Does what may fail one after the other, so that one fault does not hide the next. */
export class Attempts {
  readonly #faults: TroupeError[];

  constructor(faults: readonly TroupeError[] = []) {
    this.#faults = [...faults];
  }

  /** The result, or nothing if it failed. */
  try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      return this.#note(error);
    }
  }

  /** The same for what takes time. */
  async wait<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      return this.#note(error);
    }
  }

  get hasFailed(): boolean {
    return this.#faults.length > 0;
  }

  /** Throws what failed: the fault itself if it is the only one, else StartFaults. */
  throwFaults(): void {
    const [first, ...others] = this.#faults;
    if (first && others.length === 0) throw first;
    if (first) throw new StartFaults([first, ...others]);
  }

  #note(error: unknown): undefined {
    if (!(error instanceof TroupeError)) throw error;
    // Two steps may need the same file.
    if (!this.#faults.some(({ message }) => message === error.message)) this.#faults.push(error);
    return undefined;
  }
}

/** The faults in what was thrown. */
export function faultsIn(error: unknown): readonly unknown[] {
  return error instanceof StartFaults ? error.faults : [error];
}
