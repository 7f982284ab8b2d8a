import { isoTime } from '../clock.js';
import { ProvisionError } from '../provision-error.js';
import type { Recorded } from './record.js';
import { type ProvisionState, remember, type StepState } from './state.js';

/** The step that notifies people how the provisioning has ended. */
export const notification = 'notify';

/** Outcome of a step that is under way; every other outcome ends it. */
export const started = 'started';

const reasonLimit = 2000;
const dataLimit = 4096;
const stepLimit = 50;

/** What a provisioner reports about a step. */
export interface StepNote {
  readonly step: string;
  readonly outcome: string;
  readonly reason?: string | undefined;
  /** By default the next one when the step begins, the one under way when it ends. */
  readonly attempt?: number | undefined;
  readonly data?: Record<string, unknown> | undefined;
  /** The Puppet run of which this is the outcome. */
  readonly run?: string | undefined;
  readonly owner: string;
}

/** Notes that a step began or how it ended; returns the number of the attempt. Changes `state`. */
export function noteStep(state: ProvisionState, note: StepNote, now: number): number {
  if (note.data && JSON.stringify(note.data).length > dataLimit) {
    throw new ProvisionError(`data of step ${note.step} is longer than ${dataLimit} characters of JSON`);
  }
  if (note.attempt !== undefined && note.attempt < 1) {
    throw new ProvisionError(`invalid attempt ${note.attempt}: attempts are counted from 1`);
  }
  const time = isoTime(now);
  if (note.outcome === started) endAbandoned(state, note, now);
  const step = stepOf(state, note.step, time);
  const wasOpen = step.outcome === started;
  const seconds = wasOpen && note.outcome !== started ? (now - Date.parse(step.since)) / 1000 : null;
  if (note.attempt !== undefined) step.attempts = note.attempt;
  else if (!wasOpen) step.attempts += 1;

  step.outcome = note.outcome;
  step.reason = note.reason?.slice(0, reasonLimit) ?? null;
  step.since = time;
  step.seconds = seconds;
  step.owner = note.owner;
  step.data = note.data ?? step.data;
  remember(state, { ...entryOf(step), time });
  noteConsequences(state, note, time);
  return step.attempts;
}

/** The step that has begun and not ended. */
export function openStep<S extends { readonly outcome: string }>(steps: readonly S[]): S | undefined {
  return steps.find(({ outcome }) => outcome === started);
}

/** The part of the record that shows whether the provisioning has ended. */
export type Ended = Pick<Recorded, 'done' | 'quarantine' | 'steps'>;

/** Whether the provisioning is done, or the node in quarantine, and the notification is still pending. */
export function isNotificationPending(state: Ended): boolean {
  return hasEnded(state) && openStep(state.steps) !== undefined;
}

/** Whether nothing is left to do: it is done, or the node in quarantine, and the notification was sent. */
export function isFinished(state: Ended): boolean {
  return hasEnded(state) && !isNotificationPending(state);
}

function hasEnded({ done, quarantine }: Ended): boolean {
  return done !== null || quarantine !== null;
}

function noteConsequences(state: ProvisionState, note: StepNote, time: string): void {
  if (note.outcome === started) return;
  if (note.outcome === 'ok' || note.outcome === 'skipped') state.step = note.step;
  if (note.outcome === 'ok' && note.step === 'done') state.done = { since: time };
  const { run } = state;
  const isOfRun = run && (note.run === run.id || (note.run === undefined && note.step === run.step));
  if (isOfRun && run.verdict && !withoutVerdict.has(note.outcome)) run.noted = true;
}

/** How a step ends whose provisioner never received the verdict of the Puppet run: the next one that asks gets it. */
const withoutVerdict: ReadonlySet<string> = new Set(['unreachable', 'interrupted', 'gone']);

// The provisioner that began a step and never reported its end is gone: the history records that.
function endAbandoned(state: ProvisionState, note: StepNote, now: number): void {
  const open = openStep(state.steps);
  if (!open) return;
  open.outcome = 'abandoned';
  open.reason = `${open.owner ?? 'a provisioner'} started it and did not report how it ended`;
  open.seconds = (now - Date.parse(open.since)) / 1000;
  remember(state, { ...entryOf(open), time: isoTime(now), owner: note.owner });
}

function stepOf(state: ProvisionState, name: string, since: string): StepState {
  const known = state.steps.find(({ step }) => step === name);
  if (known) return known;
  if (state.steps.length >= stepLimit) {
    throw new ProvisionError(`cannot add step ${name}: the record already has ${stepLimit} steps`);
  }
  const step = {
    step: name,
    attempts: 0,
    outcome: '',
    reason: null,
    since,
    seconds: null,
    owner: null,
    data: null,
  };
  state.steps.push(step);
  return step;
}

function entryOf({ step, attempts, outcome, reason, seconds, owner }: StepState) {
  return { step, attempt: attempts, outcome, reason, seconds, owner };
}
