import { failuresOf, type NodeRecord } from '../node/node-record.js';

/** The state of a node, with details. */
export interface NodeState {
  readonly state: 'new' | 'working' | 'waiting' | 'name-taken' | 'quarantined' | 'done' | 'disabled';
  /** The step in progress, or the last one. */
  readonly step: string | undefined;
  readonly reason: string | undefined;
  /** Since when, ISO 8601. */
  readonly since: string | undefined;
}

/** Reads the state out of a node's record. */
export function stateOf(record: NodeRecord): NodeState {
  const last = record.history.at(-1);
  const step = record.steps.find(({ outcome }) => outcome === 'started')?.step ?? last?.step ?? undefined;
  const { quarantine, lease } = record;
  if (quarantine) {
    // Only the notification comes afterwards.
    const end = record.history.findLast(({ outcome }) => outcome === 'quarantined');
    const { reason, since } = quarantine;
    return { state: 'quarantined', step: end?.step ?? step, reason, since };
  }
  if (record.isDone) return { state: 'done', step, reason: undefined, since: record.doneSince };
  if (record.isDisabled) return { state: 'disabled', step, reason: undefined, since: undefined };
  const failures = step === undefined ? 0 : failuresOf(record, step);
  const reason = last?.reason ?? undefined;
  if (last?.outcome === 'name-taken') return { state: 'name-taken', step, reason, since: last.time };
  if (failures > 0 && last?.outcome === 'failed') {
    const words = failures === 1 ? 'failed once' : `failed ${failures} times, last error`;
    return { state: 'waiting', step, reason: `${words}: ${reason}`, since: last.time };
  }
  if (lease) return { state: 'working', step, reason: `lease held by ${lease.owner}`, since: last?.time };
  if (!last) return { state: 'new', step: undefined, reason: undefined, since: undefined };
  return { state: 'waiting', step, reason, since: last.time };
}
