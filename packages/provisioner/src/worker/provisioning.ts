import { type Logger, messageOf } from '@troupe/core';
import { equalJitterBackoff } from '@troupe/core/async';
import { notifiesPeople } from '../config/config.js';
import type { FailedResource, NodeReport } from '../events/node-report.js';
import { fullNameOf } from '../node/full-name.js';
import { certificateDetailsOf } from '../node/node-record.js';
import { quarantineByName, quarantineNode } from '../node/quarantine.js';
import { asFailure, StepFailure } from '../rpc/failure.js';
import { beginNameCheck } from '../steps/ca.js';
import { unmetCondition } from '../steps/condition.js';
import { stepsOf } from '../steps/index.js';
import { attributed } from '../steps/master-away.js';
import type { ProvisioningSession, Step, StepContext } from '../steps/step.js';
import { type StepTime, stepTime } from '../steps/step-time.js';
import type { Dependencies } from './dependencies.js';
import type { Plan } from './plan.js';
import { StepJournal } from './step-journal.js';

/** How the work on a node ended. */
export type Ending =
  | { readonly kind: 'done'; readonly report: NodeReport; readonly after: Afterwards }
  | {
      readonly kind: 'quarantined';
      readonly reason: string;
      readonly recorded: boolean;
      readonly report: NodeReport;
      /** Set if the holder of the lease recorded the quarantine on the node. */
      readonly after?: Afterwards;
    }
  /** It failed and is retried; its lease is held until then. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly seconds: number;
      readonly release: () => Promise<void>;
    }
  /** It waits for a name that belongs to another host. */
  | { readonly kind: 'name-taken'; readonly reason: string; readonly seconds: number }
  /** It waits for a master to reply: at most so many seconds, if that is known. */
  | { readonly kind: 'master-away'; readonly reason: string; readonly seconds?: number | undefined }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** It is in quarantine, and still cannot record it. */
  | { readonly kind: 'held'; readonly reason: string }
  /** Another provisioner works on it. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'stopped' };

/** What is left to do for a node that is done or in quarantine; its lease is held until then. */
export interface Afterwards {
  /** The notification was sent or failed; the lease is released. */
  notified(outcome: 'ok' | 'failed', reason: string): Promise<void>;
  /** No notification is needed; the lease is released. */
  release(): Promise<void>;
  /** This provisioner stops first: the lease expires, and another provisioner sends the notification. */
  leave(): void;
}

/** Takes one node through the remaining steps; never rejects. `stop` makes it release the node. */
export function provision(plan: Plan, dependencies: Dependencies, stop: AbortSignal): Promise<Ending> {
  return new Provisioning(plan, dependencies, stop).run();
}

class Provisioning {
  readonly #plan: Plan;
  readonly #dependencies: Dependencies;
  readonly #stop: AbortSignal;
  readonly #steps: readonly Step[];
  readonly #session: ProvisioningSession;
  readonly #journal: StepJournal;
  readonly #log: Logger;

  constructor(plan: Plan, dependencies: Dependencies, stop: AbortSignal) {
    const { node, record, master, reason } = plan;
    this.#plan = plan;
    this.#dependencies = dependencies;
    this.#stop = stop;
    this.#steps = stepsOf(dependencies.config);
    this.#log = dependencies.log.child({ node: fullNameOf(node.identity, record.certname) });
    this.#session = {
      identity: node.identity,
      isQuarantined: record.quarantine !== undefined,
      node,
      lease: undefined,
      details: plan.isOtherMaster ? {} : certificateDetailsOf(record),
    };
    const { identity, address } = master;
    this.#journal = new StepJournal({
      session: this.#session,
      events: dependencies.events,
      steps: dependencies.config.steps,
      record,
      memory: dependencies.arrivals,
      master: { identity, address, reason },
      isOtherMaster: plan.isOtherMaster,
    });
  }

  async run(): Promise<Ending> {
    if (!this.#dependencies.config.steps.lock) this.#begin();
    for (const [index, step] of this.#steps.entries()) {
      if (this.#isOver(step)) {
        this.#journal.keep(step.name);
        continue;
      }
      const next = () => this.#steps.slice(index + 1).find((each) => !this.#isOver(each)) ?? this.#last();
      const failure = await this.#take(step, next);
      if (failure) return this.#ended(step, failure);
    }
    const { quarantine } = this.#plan.record;
    if (quarantine) return this.#quarantined(quarantine.reason, quarantine.since);
    return { kind: 'done', report: this.#report('done'), after: this.#afterwards() };
  }

  #afterwards(): Afterwards {
    const { lease } = this.#session;
    return {
      notified: async (outcome, reason) => {
        await this.#journal.noteNotification(outcome, reason);
        await lease?.release();
      },
      release: async () => {
        if (this.#plan.record.isOwed)
          await this.#journal.noteNotification('failed', 'notifications are off or have no recipients');
        await lease?.release();
      },
      leave: () => lease?.stop(),
    };
  }

  // Recorded together with the end, so that another provisioner sends the notification if this one cannot.
  #last(): Pick<Step, 'name'> | undefined {
    return notifiesPeople(this.#dependencies.config) ? { name: 'notify' } : undefined;
  }

  // Undefined if the step succeeded.
  async #take(step: Step, next: () => Pick<Step, 'name'> | undefined): Promise<StepFailure | undefined> {
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    const time = this.#timeOf(step);
    this.#session.node.lastRequest = undefined;
    this.#session.caRequest = undefined;
    try {
      await this.#journal.begin(step, time.signal);
      const context = this.#context(step, time);
      const leftOut = (await unmetCondition(context, step.name)) ?? (await step.leaveOut?.(context));
      const end =
        leftOut === undefined ? await step.run(context) : ({ outcome: 'skipped', reason: leftOut } as const);
      await this.#journal.end(step, end, { seconds: seconds(), next: next(), signal: time.signal });
      if (step.name === 'lock') this.#begin();
      return undefined;
    } catch (error) {
      const cause = step.needsMaster ? await attributed(error, this.#context(step, time)) : error;
      const failure = this.#failureOf(asFailure(cause, step.name), time.signal);
      await this.#journal.fail(step.name, failure, seconds());
      return failure;
    } finally {
      time.clear();
    }
  }

  async #ended(step: Step, failure: StepFailure): Promise<Ending> {
    const { kind, message: reason, back, waitSeconds: seconds } = failure;
    const { lease } = this.#session;
    if (kind === 'permanent') return this.#quarantine(reason, failure);
    if (kind === 'failed') {
      const failures = this.#journal.failures(step.name);
      const most = this.#settings(step).attempts ?? step.attempts ?? this.#dependencies.config.attempts;
      if (failures >= most) return this.#quarantine(words(step, failures, reason), failure);
      const wait = equalJitterBackoff(failures, this.#dependencies.config.backoff);
      return this.#waiting(reason, back, wait);
    }
    lease?.stop();
    if (kind === 'lost') return { kind, reason };
    await lease?.release();
    if (kind === 'name-taken' && seconds !== undefined) return { kind, reason, seconds };
    if (kind === 'master-away') return { kind, reason, seconds };
    return kind === 'stopped' ? { kind } : { kind: 'unreachable', reason };
  }

  // The lease is held meanwhile, so that no other provisioner retries sooner.
  async #waiting(reason: string, back: string | undefined, seconds: number): Promise<Ending> {
    const { lease } = this.#session;
    try {
      if (back !== undefined) await this.#journal.annul(this.#from(back), reason, this.#stop);
      await lease?.confirm(Math.ceil(seconds) + this.#dependencies.config.leaseSeconds);
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'cannot extend the lease');
    }
    lease?.stop();
    return { kind: 'failed', reason, seconds, release: async () => lease?.release() };
  }

  async #quarantine(reason: string, { failedResources }: StepFailure): Promise<Ending> {
    try {
      const since = await quarantineNode(this.#session.node, reason, this.#last() !== undefined);
      return this.#quarantined(reason, since, failedResources);
    } catch (error) {
      this.#session.lease?.stop();
      // Another machine may have the name now: that one must not be taken up again either.
      const recorded = await quarantineByName(this.#session.node, this.#dependencies.peers, reason);
      if (!recorded) this.#log.warn({ reason: messageOf(error) }, 'cannot record the quarantine on the node');
      return {
        kind: 'quarantined',
        reason,
        recorded,
        report: this.#report('quarantined', reason, failedResources),
      };
    }
  }

  #quarantined(reason: string, since: string | undefined, failed: readonly FailedResource[] = []): Ending {
    const known = this.#report('quarantined', reason, failed);
    const report = since === undefined ? known : { ...known, quarantinedSince: since };
    return { kind: 'quarantined', reason, recorded: true, report, after: this.#afterwards() };
  }

  #isOver(step: Step): boolean {
    if (step.isRepeated) return false;
    if (this.#session.isQuarantined) return true;
    const { name } = step;
    if (!this.#journal.isOver(name)) return false;
    // A CSR is requested again until it is signed: the fingerprint must come from the node that is online now.
    if (name === 'send_node_csr' && this.#dependencies.config.steps.sign_node_csr)
      return this.#journal.isOver('sign_node_csr');
    // Back in the enrolment collective: the configuration that it was to read did not exist.
    const isBack = this.#session.node.collective === this.#dependencies.peers.enrolment;
    return !(
      name === 'restart' &&
      isBack &&
      this.#dependencies.peers.enrolment !== this.#dependencies.peers.main
    );
  }

  #from(name: string): readonly string[] {
    const names = this.#steps.map((step) => step.name);
    return names.slice(Math.max(0, names.indexOf(name)));
  }

  #settings({ name }: Step) {
    return this.#dependencies.config.stepSettings[name] ?? {};
  }

  #timeOf(step: Step): StepTime {
    const seconds = this.#settings(step).timeout ?? step.timeoutSeconds;
    const lost = this.#session.lease?.lost;
    return stepTime(step.name, seconds, lost ? [this.#stop, lost] : [this.#stop]);
  }

  #context(step: Step, { seconds, signal }: StepTime): StepContext {
    const { config, peers, masters, debts, guard, replacement, receipts, owner, events } = this.#dependencies;
    const { master, reason } = this.#plan;
    const { identity } = this.#session;
    return {
      session: this.#session,
      master,
      reason,
      config,
      peers,
      masters,
      debts,
      guard,
      replacement,
      receipts,
      owner,
      timeoutSeconds: seconds,
      signal,
      log: this.#log,
      output: (text) => events.emit({ identity, type: 'output', step: step.name, text }),
      replaced: (about) => events.emit({ identity, type: 'replaced', ...about }),
    };
  }

  #failureOf(error: unknown, signal: AbortSignal): StepFailure {
    // The reason of the signal is more precise than the error of what it interrupted.
    if (signal.aborted && signal.reason instanceof StepFailure) {
      const isSaid = error instanceof StepFailure && (error.kind === 'permanent' || error.back !== undefined);
      return isSaid ? error : signal.reason;
    }
    if (error instanceof StepFailure) return error;
    this.#log.error({ err: error }, 'unexpected error');
    return new StepFailure('failed', `unexpected error: ${messageOf(error)}`, { cause: error });
  }

  #begin(): void {
    const { events, guard } = this.#dependencies;
    const isPending = (name: string) => this.#steps.some((step) => step.name === name && !this.#isOver(step));
    if (isPending('clean_node_certname') || isPending('sign_node_csr')) {
      const { certname } = this.#session.details;
      beginNameCheck(this.#session, guard, certname ?? this.#session.identity);
    }
    const { master, reason } = this.#plan;
    const { identity } = this.#session;
    const isResumed = this.#steps.some((step) => step.name !== 'lock' && this.#isOver(step));
    const next = this.#steps.find((step) => step.name !== 'lock' && !this.#isOver(step));
    events.emit({ identity, type: 'begun', ...(isResumed && next ? { resumedAt: next.name } : {}) });
    events.emit({ identity, type: 'master', master: master.identity, address: master.address, reason });
  }

  #report(
    outcome: NodeReport['outcome'],
    failure?: string,
    failedResources: readonly FailedResource[] = [],
  ): NodeReport {
    const { identity, details } = this.#session;
    const { csrReported, csrSigned, certificate } = details;
    const certname = details.certname ?? this.#plan.record.certname;
    return {
      identity,
      outcome,
      ...(failure === undefined ? {} : { failure }),
      ...(failedResources.length === 0 ? {} : { failedResources }),
      ...(certname === undefined ? {} : { certname }),
      master: this.#plan.master.identity,
      reason: this.#plan.reason,
      ...(csrReported === undefined ? {} : { csrFingerprintReported: csrReported }),
      ...(csrSigned === undefined ? {} : { csrFingerprintSigned: csrSigned }),
      ...(certificate === undefined ? {} : { certificateFingerprint: certificate }),
      ...this.#journal.tally.times(),
      steps: this.#journal.tally.steps(),
    };
  }
}

function words({ name }: Step, failures: number, reason: string): string {
  return failures === 1 ? `${name}: ${reason}` : `${name} failed ${failures} times, last error: ${reason}`;
}
