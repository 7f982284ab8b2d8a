const mostTimes = 16;

/** What the messages that were believed tell of themselves: when the last one came, and how far our clock is from theirs. */
export class Heard {
  readonly #ages: number[] = [];
  #last: number | undefined;

  /** Notes that a message came which its author wrote at `time`; both in milliseconds since 1970. */
  note(time: number, now: number): void {
    this.#last = now;
    this.#ages.push(now - time);
    if (this.#ages.length > mostTimes) this.#ages.shift();
  }

  /** When the last one came. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Seconds that our clock is ahead of theirs; of the last messages, what the one nearest to us says: others may have been long on their way. */
  get clockSkew(): number | undefined {
    const [first, ...others] = this.#ages;
    if (first === undefined) return undefined;
    return others.reduce((best, age) => (Math.abs(age) < Math.abs(best) ? age : best), first) / 1000;
  }
}
