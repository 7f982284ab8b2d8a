import type { Logger } from '@troupe/core';

/** Callers whose names are kept. */
const most = 1_000;

/** Who still speaks version 1 of the protocol, and how many messages that were. */
export class Version1Callers {
  readonly #log: Logger;
  // bound: callers that use version 1 of the protocol | callers | {most} | 300 bytes each | further callers are
  // counted, and not named
  readonly #names = new Set<string>();
  #messages = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Messages since the daemon started. */
  get messages(): number {
    return this.#messages;
  }

  /** Notes an authenticated message; each caller is logged once. */
  note(caller: string): void {
    this.#messages += 1;
    if (this.#names.has(caller) || this.#names.size >= most) return;
    this.#names.add(caller);
    this.#log.info({ caller }, 'this caller uses protocol version 1: upgrade its client');
  }
}
