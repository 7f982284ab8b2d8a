import type { Clock } from '../src/clock.js';

/** A clock that stands still until it is told otherwise. */
export class FakeClock implements Clock {
  #now: number;
  #elapsed = 5000;

  constructor(start = '2026-03-01T12:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  pass(seconds: number): void {
    this.#now += seconds * 1000;
    this.#elapsed += seconds * 1000;
  }

  /** What NTP does. */
  set(time: string): void {
    this.#now = Date.parse(time);
  }
}
