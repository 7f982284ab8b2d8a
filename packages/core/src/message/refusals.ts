import { isHash } from '../ddl/value.js';
import { oneLine } from '../text/one-line.js';

/**
 * A client that a broker did not let in, as the broker reports it. Nothing of it is proved: anybody who can reach the
 * broker can give any name.
 */
export interface RefusedClient {
  readonly address: string;
  /** The name that it gave, if it came as far as that. */
  readonly name?: string;
  readonly reason: string;
  /** When it was refused for the first and for the last time, milliseconds since 1970 by the clock of the broker. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Clients in one report. */
export const mostRefused = 100;
const mostBytes = 128 * 1024;
const lengths = { address: 64, name: 255, reason: 500 } as const;

/** A report of at most {@link mostRefused} clients. */
export function encodeRefusals(refused: readonly RefusedClient[]): Uint8Array {
  const clients = refused.slice(0, mostRefused).map(({ address, name, reason, ...rest }) => ({
    address: oneLine(address, lengths.address),
    ...(name === undefined ? {} : { name: oneLine(name, lengths.name) }),
    reason: oneLine(reason, lengths.reason),
    ...rest,
  }));
  return Buffer.from(JSON.stringify({ v: 1, type: 'refusals', clients }));
}

/** Reads a report; what is not sound in it is left out. */
export function parseRefusals(payload: Uint8Array): readonly RefusedClient[] {
  if (payload.length > mostBytes) return [];
  let report: unknown;
  try {
    report = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return [];
  }
  if (!isHash(report) || report.type !== 'refusals' || !Array.isArray(report.clients)) return [];
  return report.clients.slice(0, mostRefused).flatMap((client) => refusedOf(client) ?? []);
}

function refusedOf(value: unknown): RefusedClient | undefined {
  if (!isHash(value)) return undefined;
  const { address, name, reason, first, last, count } = value;
  if (typeof address !== 'string' || typeof reason !== 'string') return undefined;
  if (!isTime(first) || !isTime(last) || !isTime(count)) return undefined;
  return {
    address: oneLine(address, lengths.address),
    ...(typeof name === 'string' && name !== '' ? { name: oneLine(name, lengths.name) } : {}),
    reason: oneLine(reason, lengths.reason),
    first,
    last,
    count,
  };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
