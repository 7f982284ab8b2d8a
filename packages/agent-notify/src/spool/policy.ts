import { type ConfigOf, section } from '@troupe/core';
import { equalJitterBackoff } from '@troupe/core/async';

const seconds = (byDefault: number, maximum: number, description: string) =>
  ({ type: 'number', exclusiveMinimum: 0, maximum, default: byDefault, description }) as const;
const count = (byDefault: number, maximum: number, description: string) =>
  ({ type: 'integer', minimum: 1, maximum, default: byDefault, description }) as const;
const day = 86_400;

/** The schema of the section `spool`: how long the spool tries, and what it keeps. */
export const spoolSchema = section({
  first_delay: seconds(
    15,
    day,
    'Seconds before the second attempt; the wait doubles with each further attempt.',
  ),
  max_delay: seconds(
    1800,
    day,
    'Maximum wait between attempts in seconds; each wait is shortened at random by up to half.',
  ),
  give_up_after: seconds(
    2 * day,
    60 * day,
    'Seconds after which delivery is given up and a message becomes a dead letter.',
  ),
  keep_dead: seconds(30 * day, 3650 * day, 'Seconds for which a dead letter is kept.'),
  remember: seconds(
    14 * day,
    60 * day,
    'Seconds for which the spool remembers that a message with an `id` given by its caller was delivered.',
  ),
  max_messages: count(
    10_000,
    100_000,
    'Maximum number of messages in the spool, waiting and dead letters together.',
  ),
  concurrency: count(
    4,
    100,
    'Maximum number of simultaneous deliveries per protocol; a protocol that hangs delays no other.',
  ),
});

/** How long the spool tries, and what it keeps. */
export type SpoolPolicy = ConfigOf<typeof spoolSchema>;

/**
 * Milliseconds to wait after so many attempts: doubled each time up to `max_delay`, and shortened at random by up to
 * half, so that what failed together does not come back together. Never less than the other side has asked for.
 */
export function delayAfter(
  attempts: number,
  policy: Pick<SpoolPolicy, 'first_delay' | 'max_delay'>,
  random: number,
  retryAfterSeconds = 0,
): number {
  const { first_delay: first, max_delay: most } = policy;
  const wait = equalJitterBackoff(attempts, { first, most }, () => random);
  const asked = Math.min(retryAfterSeconds, day);
  return Math.ceil(1000 * Math.max(wait, asked));
}
