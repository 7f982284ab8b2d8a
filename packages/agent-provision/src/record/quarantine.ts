import { isoTime } from '../clock.js';
import { ProvisionError } from '../provision-error.js';
import { type ProvisionState, remember } from './state.js';
import { type Ended, isNotificationPending, notification, openStep } from './steps.js';

const reasonLimit = 2000;

/** Quarantines the node: no provisioner gets its lease until it is released. Returns since when. Changes `state`. */
export function quarantine(state: ProvisionState, words: string, owner: string, now: number): string {
  const reason = words.slice(0, reasonLimit);
  const since = isoTime(now);
  const open = openStep(state.steps);
  if (open) {
    open.outcome = 'failed';
    open.reason = reason;
    open.seconds = (now - Date.parse(open.since)) / 1000;
  }
  state.quarantine = { reason, since };
  const attempt = open?.attempts ?? null;
  remember(state, {
    time: since,
    step: open?.step ?? 'quarantine',
    attempt,
    outcome: 'quarantined',
    reason,
    seconds: open?.seconds ?? null,
    owner,
  });
  return since;
}

/**
 * Ends the quarantine and counts attempts from zero again; `fresh` forgets what was reached as well: steps, CSR
 * and the last Puppet run. Returns whether the node was in quarantine. Changes `state`.
 */
export function release(state: ProvisionState, owner: string, fresh: boolean, now: number): boolean {
  const former = state.quarantine;
  state.quarantine = null;
  if (former) {
    // The notification is no longer needed, and the holder of the lease has nothing left to do.
    state.lease = null;
    state.steps = state.steps.filter(({ step }) => step !== notification);
  }
  for (const step of state.steps) step.attempts = 0;
  if (fresh) {
    state.steps = [];
    state.step = null;
    state.done = null;
    state.csr = null;
    if (state.run) state.run.noted = true;
  }
  remember(state, {
    time: isoTime(now),
    step: 'quarantine',
    attempt: null,
    outcome: 'released',
    reason: former ? `was in quarantine since ${former.since}: ${former.reason}` : null,
    seconds: null,
    owner,
  });
  return former !== null;
}

/** Throws while the node is in quarantine; `isForNotice`: unless people have still to be told of that. */
export function checkFree(state: Ended, isForNotice = false): void {
  if (isForNotice) {
    if (state.quarantine && isNotificationPending(state)) return;
    throw new ProvisionError('no notification about a quarantine of this node is pending: omit notify');
  }
  if (!state.quarantine) return;
  const { since, reason } = state.quarantine;
  throw new ProvisionError(
    `this node is in quarantine since ${since}: ${reason}; end the quarantine with the action release`,
  );
}
