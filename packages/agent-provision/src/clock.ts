/** The two clocks of a host, in milliseconds. */
export interface Clock {
  /** The time of day: may be set forward and back. */
  now(): number;
  /** Runs evenly, from an arbitrary start. */
  elapsed(): number;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
