/** What wakes a daemon that serves. */
export type Wake = 'reload' | 'stop';

/** Keeps what was asked for until somebody listens: a signal may come while the daemon starts or stops. */
export class Alarm {
  #asked: Wake | undefined;
  #wake: ((what: Wake) => void) | undefined;

  ring(what: Wake): void {
    if (this.#asked !== 'stop') this.#asked = what;
    this.#wake?.(what);
  }

  reset(): void {
    if (this.#asked === 'reload') this.#asked = undefined;
  }

  rung(): Promise<Wake> {
    const asked = this.#asked;
    if (asked !== undefined) return Promise.resolve(asked);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
