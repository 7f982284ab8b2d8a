import type { Values } from '@troupe/core/internal';

/**
 * What a machine that arrived and is not done is doing, or what keeps it; `status`, metrics and messages use these names.
 * `unstable`: it comes and goes; `silent`: it is online and does not reply; `rejected`: its replies are not accepted;
 * `unwanted`: the policy keeps the provisioner from it; `elsewhere`: another provisioner works on it.
 */
export const arrivalStates = [
  'new',
  'queued',
  'working',
  'waiting',
  'offline',
  'unstable',
  'silent',
  'clock-wrong',
  'rejected',
  'name-taken',
  'unwanted',
  'elsewhere',
  'quarantined',
] as const;
export type ArrivalState = (typeof arrivalStates)[number];

/** A quarantine that the node could not record. */
export interface Hold {
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** A machine that arrived and is not done, as one provisioner knows it. Times are milliseconds since 1970. */
export interface Arrival {
  readonly identity: string;
  readonly collective: string;
  readonly state: ArrivalState;
  readonly reason: string;
  /** When it arrived. */
  readonly since: number;
  /** Since when it is in this state for this reason, when that was noted last, and how often. */
  readonly stateSince: number;
  readonly noted: number;
  readonly count: number;
  /** Why it had to wait last, without progress since. */
  readonly trouble?: string;
  /** Since when it has made no progress. */
  readonly stuckSince: number;
  /** How often it went offline without progress, and how often in the middle of the work. */
  readonly goings: number;
  readonly interruptions: number;
  /** Failures of a step, which the node may not have recorded. */
  readonly failures?: { readonly step: string; readonly count: number; readonly at: number };
  readonly hold?: Hold;
  /** States that people were told of, without progress since. */
  readonly told: readonly ArrivalState[];
}

/** An arrival out of the journal; undefined if it is none. */
export function readArrival(values: Values): Arrival | undefined {
  const { identity, collective, state, reason, told, hold, failures } = values;
  if (typeof identity !== 'string' || typeof collective !== 'string' || typeof reason !== 'string')
    return undefined;
  if (!isState(state) || !Array.isArray(told)) return undefined;
  const numbers = ['since', 'stateSince', 'noted', 'count', 'stuckSince', 'goings', 'interruptions'];
  if (!numbers.every((key) => Number.isFinite(values[key]))) return undefined;
  if (hold !== undefined && !isHold(hold)) return undefined;
  if (failures !== undefined && !isFailures(failures)) return undefined;
  return { ...(values as unknown as Arrival), told: told.filter(isState) };
}

function isState(value: unknown): value is ArrivalState {
  return arrivalStates.some((state) => state === value);
}

function isHold(value: unknown): value is Hold {
  const { reason, since } = (value ?? {}) as Partial<Hold>;
  return typeof reason === 'string' && Number.isFinite(since);
}

function isFailures(value: unknown): value is NonNullable<Arrival['failures']> {
  const { step, count, at } = (value ?? {}) as Partial<NonNullable<Arrival['failures']>>;
  return typeof step === 'string' && Number.isFinite(count) && Number.isFinite(at);
}
