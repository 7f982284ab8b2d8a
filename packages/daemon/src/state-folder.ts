import type { Logger } from '@troupe/core';
import { isErrno, removeTemporaries } from '@troupe/core/durable-file';
import { folderWritingFault } from './writing-fault.js';

/** The folder of a daemon's state: if it cannot be written, the daemon runs with what needs no disk. */
export class StateFolder {
  readonly #path: string;
  #fault: string | undefined;

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#fault = folderWritingFault(path);
    if (this.#fault !== undefined)
      log.error(
        { reason: this.#fault },
        'cannot write to state_dir: requests that change something do not run until it can be written',
      );
    this.#removeLeftOver();
  }

  /** Why it cannot be written now; looks again as long as it cannot. */
  get fault(): string | undefined {
    if (this.#fault !== undefined) this.#fault = folderWritingFault(this.#path);
    return this.#fault;
  }

  // One that was killed in the middle of a replacement leaves a file at each such end.
  #removeLeftOver(): void {
    try {
      removeTemporaries(this.#path);
    } catch (error) {
      // That it cannot be read or written is said already.
      if (!isErrno(error)) throw error;
    }
  }
}
