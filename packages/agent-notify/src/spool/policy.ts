/** How long the spool tries, and what it keeps. All times in seconds. */
export interface SpoolPolicy {
  /** Before the second attempt; each further one waits twice as long. */
  first_delay: number;
  max_delay: number;
  /** After which a message is a dead letter. */
  give_up_after: number;
  /** How long a dead letter is kept. */
  keep_dead: number;
  /** How long the spool knows that a message with an id of its caller's was delivered. */
  remember: number;
  /** Waiting messages and dead letters together. */
  max_messages: number;
  /** Deliveries at the same time by one protocol. */
  concurrency: number;
}

const seconds = (byDefault: number, maximum: number) => ({
  type: 'number',
  exclusiveMinimum: 0,
  maximum,
  default: byDefault,
});
const day = 86_400;

/** The schema of the section `spool`. */
export const spoolSchema = {
  type: 'object',
  properties: {
    first_delay: seconds(15, day),
    max_delay: seconds(1800, day),
    give_up_after: seconds(2 * day, 60 * day),
    keep_dead: seconds(30 * day, 3650 * day),
    remember: seconds(day, 60 * day),
    max_messages: { type: 'integer', minimum: 1, maximum: 100_000, default: 10_000 },
    concurrency: { type: 'integer', minimum: 1, maximum: 100, default: 4 },
  },
  additionalProperties: false,
  default: {},
} as const;

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
  const doubled = Math.min(policy.first_delay * 2 ** Math.min(attempts - 1, 40), policy.max_delay);
  const asked = Math.min(retryAfterSeconds, day);
  return Math.ceil(1000 * Math.max(doubled * (0.5 + random / 2), asked));
}
