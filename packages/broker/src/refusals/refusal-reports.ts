import { encodeRefusals } from '@troupe/core/internal';
import { RefusedClients } from './refused-clients.js';

/** Milliseconds between two reports. */
const reportEvery = 1000;

/** Reports refused clients to provisioners: the first at once, what follows together. */
export class RefusalReports {
  readonly #clients = new RefusedClients();
  readonly #publish: (report: Uint8Array) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(publish: (report: Uint8Array) => void) {
    this.#publish = publish;
  }

  /** `name`: the one that the client gave, as far as it came. */
  note(refused: {
    readonly address: string;
    readonly name?: string | undefined;
    readonly reason: string;
  }): void {
    const { address, name, reason } = refused;
    this.#clients.note({ address, reason, ...(name === undefined ? {} : { name }) }, Date.now());
    if (this.#timer === undefined) this.#report();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #report(): void {
    this.#publish(encodeRefusals(this.#clients.take(Date.now())));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#clients.hasNews) this.#report();
    }, reportEvery).unref();
  }
}
