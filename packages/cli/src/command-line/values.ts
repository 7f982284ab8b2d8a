import type { Share } from '@troupe/client';
import { readDuration } from '@troupe/core/internal';
import { InvalidArgumentError } from 'commander';

/** Collects the values of a repeatable option. */
export function gather(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** Reads a duration above 0, in seconds: a number of them, or with its unit, such as `90s`, `5m` or `1h`. */
export function seconds(text: string): number {
  const value = readDuration(text);
  if (value !== undefined && value > 0) return value;
  throw new InvalidArgumentError('is not a duration greater than 0: use a number of seconds, or 90s, 5m, 1h');
}

/** Reads a number of seconds that may be 0. */
export function pause(text: string): number {
  return readDuration(text) === 0 ? 0 : seconds(text);
}

/** Reads `5` or `10%`. */
export function share(text: string): Share {
  const [, digits = '', percent] = /^(\d+)(%?)$/.exec(text) ?? [];
  const value = Number(digits);
  const isSound = percent === '%' ? value >= 1 && value <= 100 : value >= 1 && Number.isSafeInteger(value);
  if (!isSound)
    throw new InvalidArgumentError('is neither a number of nodes, such as 5, nor a percentage, such as 10%');
  return percent === '%' ? { percent: value } : value;
}

/** Reads `0`, `5` or `10%`: how many may fail. */
export function failures(text: string): Share {
  return text === '0' ? 0 : share(text);
}

/** Reads an integer greater than 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('is not an integer greater than 0');
}

/** Reads an integer that is not negative. */
export function whole(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('is not a non-negative integer');
}

/** Reads a duration such as `90s`, `30m`, `24h`, `7d` or `2w`, in seconds; a number alone could mean anything here. */
export function duration(text: string): number {
  const value = /^\d+$/.test(text) ? undefined : readDuration(text);
  if (value !== undefined && value > 0) return value;
  throw new InvalidArgumentError('is not a duration: use 90s, 30m, 24h or 7d');
}
