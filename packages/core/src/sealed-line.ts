import { crc32 } from 'node:zlib';

/** What a line says, as far as it is JSON. */
export type Values = Readonly<Record<string, unknown>>;

/** A line with a checksum over itself and all lines before it: `sum` is that of the line before. */
export function sealLine(values: object, sum: number): { readonly line: string; readonly sum: number } {
  const body = JSON.stringify(values).slice(0, -1);
  const own = crc32(body, sum);
  return { line: `${body},"sum":"${hex(own)}"}\n`, sum: own };
}

/** Reads a line with a checksum: what it says, and whether it is as it was written. */
export function unseal(
  text: string,
  before: number,
): { readonly values: Values; readonly isSound: boolean; readonly sum: number } {
  let values: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) values = parsed as Record<string, unknown>;
  } catch {
    // Without values it is not sound either.
  }
  const [, body, stated] = /^(.*),"sum":"([\da-f]{8})"\}$/s.exec(text) ?? [];
  const sum = body === undefined ? before : crc32(body, before);
  return {
    values,
    isSound: stated !== undefined && stated === hex(sum),
    sum: stated === undefined ? before : Number.parseInt(stated, 16),
  };
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}
