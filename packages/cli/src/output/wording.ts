import type { Result, State } from '@troupe/client';

const statusWords = [
  'OK',
  'Request Aborted',
  'Unknown Action',
  'Missing Request Data',
  'Invalid Request Data',
  'Unknown Request Status',
] as const;

const stateWords: Readonly<Record<State, string>> = {
  ok: 'OK',
  failed: 'Failed',
  denied: 'Denied',
  timeout: 'Timed Out',
  offline: 'Offline',
  expired: 'Expired',
  'no-reply': 'No Reply',
  cancelled: 'Cancelled',
  unknown: 'Outcome Unknown',
  'not-asked': 'Not Asked',
  'ddl-mismatch': 'Different DDL',
};

/** How a target ended, in a word or two: MCollective's words where it has some. */
export function statusWord({ state, statuscode }: Pick<Result<unknown>, 'state' | 'statuscode'>): string {
  return (state === 'failed' ? statusWords[statuscode ?? -1] : undefined) ?? stateWords[state];
}

/** `3 nodes`, `1 node` */
export function counted(count: number, noun = 'node'): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A time for people: `12 ms`, `1.25 s`, `2 min 05 s`. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
