import { failuresOf, type NodeRecord } from '../node/node-record.js';

/** A node's state in a word, and what there is to say of it. */
export interface NodeState {
  readonly state: 'new' | 'working' | 'waiting' | 'quarantined' | 'done' | 'disabled';
  /** The step that is under way, or the last one. */
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
    // What came afterwards is only that people were told.
    const end = record.history.findLast(({ outcome }) => outcome === 'quarantined');
    const { reason, since } = quarantine;
    return { state: 'quarantined', step: end?.step ?? step, reason, since };
  }
  if (record.isDone) return { state: 'done', step, reason: undefined, since: record.doneSince };
  if (record.isDisabled) return { state: 'disabled', step, reason: undefined, since: undefined };
  const failures = step === undefined ? 0 : failuresOf(record, step);
  const reason = last?.reason ?? undefined;
  if (failures > 0 && last?.outcome === 'failed') {
    return {
      state: 'waiting',
      step,
      reason: `failed ${failures} times, at last: ${reason}`,
      since: last.time,
    };
  }
  if (lease) return { state: 'working', step, reason: `by ${lease.owner}`, since: last?.time };
  if (!last) return { state: 'new', step: undefined, reason: undefined, since: undefined };
  return { state: 'waiting', step, reason, since: last.time };
}
