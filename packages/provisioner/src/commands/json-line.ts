import { printableJson } from '@troupe/core/internal';

/** A value as a line of JSON, safe to show on a terminal. */
export function jsonLine(value: unknown): string {
  return `${printableJson(JSON.stringify(value))}\n`;
}
