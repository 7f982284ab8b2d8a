const mostTimes = 16;

/** How far this machine's clock is from the callers' clocks, measured on authenticated messages, and when the last of them arrived. */
export class ClockSkew {
  // bound: ages of the latest messages, for the clock skew | callers | {mostTimes} | 128 bytes | the oldest is
  // removed
  readonly #ages: number[] = [];
  #last: number | undefined;

  /** Adds a message that its author wrote at `time` and that arrived at `now`, both in milliseconds since 1970. */
  note(time: number, now: number): void {
    this.#last = now;
    this.#ages.push(now - time);
    if (this.#ages.length > mostTimes) this.#ages.shift();
  }

  /** When the last message arrived. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Seconds that this clock is ahead. Of the last messages, the smallest difference counts: others may have been delayed on their way. */
  get seconds(): number | undefined {
    const [first, ...others] = this.#ages;
    if (first === undefined) return undefined;
    return others.reduce((best, age) => (Math.abs(age) < Math.abs(best) ? age : best), first) / 1000;
  }
}
