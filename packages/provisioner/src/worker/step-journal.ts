import { oneLine } from '@troupe/core/internal';
import type { ArrivalDesk } from '../arrivals/arrival-desk.js';
import type { Switches } from '../config/switches.js';
import type { Events } from '../events/events.js';
import { failuresOf, isOver, type NodeRecord, releasedAt } from '../node/node-record.js';
import type { StepFailure } from '../rpc/failure.js';
import { neverAborts } from '../rpc/never-aborts.js';
import type { NodeCallOptions } from '../rpc/node-agent.js';
import { hasLeft } from '../steps/has-left.js';
import { isPuppetRun } from '../steps/index.js';
import type { ProvisioningSession, Step, StepEnd } from '../steps/step.js';
import { Tally } from './tally.js';

/** For a node that may be offline, whatever the outcome of the step. */
const briefly: NodeCallOptions = { answerWithin: 5, signal: neverAborts };

type Next = Pick<Step, 'name' | 'recording'>;

/** Keeps what happens to a node: in the node's record, in the report, and as events. */
export class StepJournal {
  readonly tally = new Tally();
  readonly #session: ProvisioningSession;
  readonly #events: Events;
  readonly #steps: Switches;
  readonly #record: NodeRecord;
  readonly #memory: Pick<ArrivalDesk, 'failuresOf' | 'failed'>;
  /** Steps on record as ended, unless they were voided since. */
  // no peer fills this: it holds steps of the configuration
  readonly #over: Set<string>;
  // no peer fills this: it holds steps of the configuration
  readonly #attempts = new Map<string, number>();
  // no peer fills this: it holds steps of the configuration
  readonly #failures = new Map<string, number>();
  /** Steps that have become invalid, to be noted before anything else is done. */
  // no peer fills this: it holds steps of the configuration
  #annulled: readonly string[] = [];
  /** The step whose beginning was noted with the end of the one before. */
  #begun: string | undefined;
  /** The choice, to be noted with the next line. */
  #master: Readonly<Record<string, string>> | undefined;

  constructor(options: {
    session: ProvisioningSession;
    events: Events;
    steps: Switches;
    record: NodeRecord;
    /** Failures that the node may not have recorded. */
    memory: Pick<ArrivalDesk, 'failuresOf' | 'failed'>;
    master: { identity: string; address: string; reason: string };
    /** Whether what is on record was done with another master. */
    isOtherMaster: boolean;
  }) {
    this.#session = options.session;
    this.#events = options.events;
    this.#steps = options.steps;
    this.#record = options.record;
    this.#memory = options.memory;
    this.#master = { ...options.master, reason: oneLine(options.master.reason) };
    const over = options.record.steps.filter(isOver).map(({ step }) => step);
    this.#over = new Set(options.isOtherMaster ? [] : over);
    if (options.isOtherMaster) this.#annulled = over;
    for (const { step, attempts } of options.record.steps) this.#attempts.set(step, attempts);
  }

  isOver(step: string): boolean {
    return this.#over.has(step);
  }

  /** Takes over what others did, so that the report is complete. */
  keep(step: string): void {
    const known = this.#record.steps.find((each) => each.step === step);
    if (!known) return;
    const { outcome, seconds, reason } = known;
    const report = { step, outcome, seconds: seconds ?? 0, ...(reason === null ? {} : { reason }) };
    this.tally.addRecorded(report, isPuppetRun(step));
  }

  /** A step begins; `signal` ends its time. Throws StepFailure if it cannot be recorded. */
  async begin({ name, recording }: Step, signal: AbortSignal): Promise<void> {
    const { identity } = this.#session;
    // Nothing may be noted before the lease is held.
    if (name !== 'lock') await this.#noteAnnulled(signal);
    const isBegun = this.#begun === name;
    this.#begun = undefined;
    const attempt = (this.#attempts.get(name) ?? 0) + (isBegun ? 0 : 1);
    this.#attempts.set(name, attempt);
    this.#events.emit({ identity, type: 'step-started', step: name, attempt });
    if (isBegun) return;
    if (recording === 'first')
      await this.#note(
        name,
        'ok',
        { reason: 'recorded before it starts, because the node disconnects' },
        { signal },
      );
    else if (recording !== 'after') await this.#note(name, 'started', {}, { signal });
  }

  /** A step succeeded, and `next` is to begin. Throws StepFailure if it cannot be recorded. */
  async end(
    { name, recording }: Step,
    end: StepEnd,
    { seconds, next, signal }: { seconds: number; next?: Next | undefined; signal: AbortSignal },
  ): Promise<void> {
    const { identity } = this.#session;
    const { outcome, reason, run, runSeconds } = end;
    const words = reason === undefined ? {} : { reason: oneLine(reason) };
    if (recording !== 'first') {
      const note = {
        ...words,
        ...(end.data ? { data: end.data } : {}),
        ...(run === undefined ? {} : { run }),
        ...this.#beginning(next),
      };
      const waiting = recording === 'after' ? briefly : { signal };
      await this.#note(name, outcome, note, waiting).catch((error: unknown) => {
        if (recording !== 'after' || !hasLeft(error, this.#steps)) throw error;
      });
      if (note.next !== undefined) {
        this.#begun = note.next;
        this.#attempts.set(note.next, note.next_attempt);
      }
    }
    this.#over.add(name);
    this.#failures.delete(name);
    if (isPuppetRun(name)) this.tally.addPuppet(runSeconds ?? seconds);
    this.tally.add({ step: name, outcome, seconds, ...words });
    this.#events.emit({
      identity,
      type: 'step-ended',
      step: name,
      outcome,
      seconds,
      ...words,
      ...this.#request(),
    });
  }

  /** A step failed. The event is emitted even if the failure cannot be recorded. */
  async fail(name: string, failure: StepFailure, seconds: number): Promise<void> {
    const { identity } = this.#session;
    const { kind, run, runSeconds } = failure;
    const outcome = kind === 'permanent' ? 'failed' : kind;
    const reason = oneLine(failure.message);
    if (outcome === 'failed') {
      const failures = this.failures(name) + 1;
      this.#failures.set(name, failures);
      this.#memory.failed(identity, name, failures);
    }
    if (isPuppetRun(name)) this.tally.addPuppet(runSeconds ?? (run === undefined ? 0 : seconds));
    this.tally.add({ step: name, outcome, seconds, reason });
    this.#events.emit({
      identity,
      type: 'step-ended',
      step: name,
      outcome,
      seconds,
      reason,
      ...this.#request(),
    });
    if (kind === 'stopped' || kind === 'lost') return;
    const note = { reason, ...(run === undefined ? {} : { run }) };
    await this.#note(name, outcome, note, briefly).catch(() => {});
  }

  /** Notes the outcome of the notification, if the node can be reached: the provisioning is done in any case. */
  async noteNotification(outcome: 'ok' | 'failed', reason: string): Promise<void> {
    await this.#note('notify', outcome, { reason: oneLine(reason) }, briefly).catch(() => {});
  }

  /** These steps must be done again. Throws StepFailure if that cannot be recorded. */
  async annul(steps: readonly string[], reason: string, signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      if (!this.#over.delete(step)) continue;
      await this.#note(step, 'void', { reason: oneLine(reason) }, { signal });
    }
  }

  #request(): { request?: string } {
    const request = this.#session.caRequest ?? this.#session.node.lastRequest;
    return request === undefined ? {} : { request };
  }

  // The old master stays on record until all that was done with it is void.
  async #noteAnnulled(signal: AbortSignal): Promise<void> {
    for (const step of this.#annulled) {
      if (step !== 'lock')
        await this.#note(step, 'void', { reason: 'was done with another master' }, { signal });
    }
    this.#annulled = [];
  }

  /** How often a step has failed since it last succeeded or the node was released. */
  failures(step: string): number {
    const known = this.#failures.get(step);
    if (known !== undefined) return known;
    const { identity } = this.#session;
    const unrecorded = this.#memory.failuresOf(identity, step, releasedAt(this.#record));
    return Math.max(failuresOf(this.#record, step), unrecorded);
  }

  // One message and one write of the node for two lines of the record, if nothing has to come between them.
  #beginning(next: Next | undefined): { next?: never } | { next: string; next_attempt: number } {
    if (!next || next.recording !== undefined || this.#annulled.length > 0) return {};
    return { next: next.name, next_attempt: (this.#attempts.get(next.name) ?? 0) + 1 };
  }

  async #note(
    step: string,
    outcome: string,
    more: {
      reason?: string;
      data?: Readonly<Record<string, unknown>>;
      run?: string;
      next?: string;
      next_attempt?: number;
    },
    waiting: NodeCallOptions,
  ): Promise<void> {
    const master = this.#annulled.length > 0 ? undefined : this.#master;
    const data = master ? { data: { ...more.data, master } } : {};
    const attempt = this.#attempts.get(step);
    await this.#session.node.change(
      'record',
      (agent, claim, options) =>
        agent.record({ step, outcome, ...more, ...data, ...(attempt ? { attempt } : {}), ...claim }, options),
      waiting,
    );
    if (master) this.#master = undefined;
  }
}
