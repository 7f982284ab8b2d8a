import type { Share } from '@troupe/client';
import { InvalidArgumentError } from 'commander';

/** Collects the values of a repeatable option. */
export function gather(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** Reads a positive number of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('is not a number of seconds greater than 0');
}

/** Reads a number of seconds that may be 0. */
export function pause(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : seconds(text);
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

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Reads a time such as `90s`, `30m`, `24h`, `7d` or `2w`, in seconds. */
export function duration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const value = Number(digits) * (unitSeconds[unit] ?? 0);
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('is not a duration: use 90s, 30m, 24h or 7d');
}
