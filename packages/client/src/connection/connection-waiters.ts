import type { Transport } from '@troupe/core';
import { onAbort } from '@troupe/core/async';

/** Lets any number wait for the connection of a client, with one listener at its transport. */
export class ConnectionWaiters {
  readonly #transport: Pick<Transport, 'connected' | 'onConnect'>;
  // no peer fills this: it holds what this program itself asks for
  readonly #waiting = new Set<() => void>();
  #isWatched = false;

  constructor(transport: Pick<Transport, 'connected' | 'onConnect'>) {
    this.#transport = transport;
  }

  /** Resolves when there is a connection, at once where there is one. Throws the signal's reason. */
  async wait(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#transport.connected) return;
    this.#watch();
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        this.#waiting.delete(go);
        reject(signal?.reason);
      };
      const ignore = onAbort(signal, stop);
      const go = () => {
        this.#waiting.delete(go);
        ignore();
        resolve();
      };
      this.#waiting.add(go);
    });
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#transport.onConnect(() => {
      for (const go of [...this.#waiting]) go();
    });
  }
}
