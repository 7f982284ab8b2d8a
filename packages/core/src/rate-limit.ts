/** Lets through what strangers cause, such as lines of a log, as often as its limits say, and counts the rest. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #filledAt: number | undefined;
  #missed = 0;

  /** So many at once, and from then on so many in a minute. */
  constructor({ burst, perMinute }: { readonly burst: number; readonly perMinute: number }) {
    this.#burst = burst;
    this.#perSecond = perMinute / 60;
    this.#left = burst;
  }

  /** Whether one more may pass at this time (milliseconds); `missed` is how many could not since the last one that could. */
  pass(now: number): { readonly isAllowed: boolean; readonly missed: number } {
    const seconds = Math.max(0, now - (this.#filledAt ?? now)) / 1000;
    this.#left = Math.min(this.#burst, this.#left + seconds * this.#perSecond);
    this.#filledAt = now;
    if (this.#left < 1) {
      this.#missed += 1;
      return { isAllowed: false, missed: 0 };
    }
    this.#left -= 1;
    const missed = this.#missed;
    this.#missed = 0;
    return { isAllowed: true, missed };
  }
}
