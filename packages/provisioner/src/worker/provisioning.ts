import { type Logger, messageOf } from '@troupe/core';
import { equalJitterBackoff } from '@troupe/core/async';
import type { NodeReport } from '../events/node-report.js';
import { findingsOf } from '../node/node-record.js';
import { quarantineByName, quarantineNode } from '../node/quarantine.js';
import { asFailure, StepFailure } from '../rpc/failure.js';
import { beginNameCheck } from '../steps/ca.js';
import { unmetCondition } from '../steps/condition.js';
import { stepsOf } from '../steps/index.js';
import { judged } from '../steps/master-away.js';
import type { ProvisioningSession, Step, StepContext } from '../steps/step.js';
import { type StepTime, stepTime } from '../steps/step-time.js';
import type { Dependencies } from './dependencies.js';
import type { Plan } from './plan.js';
import { StepJournal } from './step-journal.js';

/** What became of a node that was taken up. */
export type Ending =
  | { readonly kind: 'done'; readonly report: NodeReport; readonly after: Afterwards }
  | {
      readonly kind: 'quarantined';
      readonly reason: string;
      readonly recorded: boolean;
      readonly report: NodeReport;
      /** Where the node knows of it from who has its lease. */
      readonly after?: Afterwards;
    }
  /** It failed and is tried again; its lease is held until then. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly seconds: number;
      readonly release: () => Promise<void>;
    }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Somebody else works on it. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'stopped' };

/** What is left to do for a node that is done or in quarantine; its lease is held until then. */
export interface Afterwards {
  /** People were told, or could not be; the lease is given back. */
  told(outcome: 'ok' | 'failed', reason: string): Promise<void>;
  /** Nobody has to be told; the lease is given back. */
  release(): Promise<void>;
  /** This provisioner ends before: the lease ends by itself, and whoever is there then tells them. */
  leave(): void;
}

/** Takes one node through the steps that are still to be done; never rejects. `stop` makes it let go of the node. */
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
    this.#log = dependencies.log.child({ node: node.identity });
    this.#session = {
      identity: node.identity,
      isQuarantined: record.quarantine !== undefined,
      node,
      lease: undefined,
      findings: plan.isOtherMaster ? {} : findingsOf(record),
    };
    const { identity, address } = master;
    this.#journal = new StepJournal({
      session: this.#session,
      events: dependencies.events,
      steps: dependencies.config.steps,
      record,
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
      told: async (outcome, reason) => {
        await this.#journal.told(outcome, reason);
        await lease?.release();
      },
      release: async () => {
        if (this.#plan.record.isOwed) await this.#journal.told('failed', 'nobody is named to be told');
        await lease?.release();
      },
      leave: () => lease?.stop(),
    };
  }

  // On record with the end, so that another one tells people if this one cannot any more.
  #last(): Pick<Step, 'name'> | undefined {
    const { steps, notify } = this.#dependencies.config;
    return steps.notify && notify.targets.length > 0 ? { name: 'notify' } : undefined;
  }

  // Nothing when the step ended well.
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
      const judgedError = step.needsMaster ? await judged(error, this.#context(step, time)) : error;
      const failure = this.#failureOf(asFailure(judgedError, step.name), time.signal);
      await this.#journal.fail(step.name, failure, seconds());
      return failure;
    } finally {
      time.clear();
    }
  }

  async #ended(step: Step, failure: StepFailure): Promise<Ending> {
    const { kind, message: reason, back } = failure;
    const { lease } = this.#session;
    if (kind === 'permanent') return this.#quarantine(reason);
    if (kind === 'failed') {
      const failures = this.#journal.failures(step.name);
      const most = this.#settings(step).attempts ?? step.attempts ?? this.#dependencies.config.attempts;
      if (failures >= most) return this.#quarantine(words(step, failures, reason));
      const wait = equalJitterBackoff(failures, this.#dependencies.config.backoff);
      return this.#waiting(reason, back, wait);
    }
    lease?.stop();
    if (kind === 'lost') return { kind, reason };
    await lease?.release();
    return kind === 'stopped' ? { kind } : { kind: 'unreachable', reason };
  }

  // Held meanwhile, so that no other provisioner tries sooner.
  async #waiting(reason: string, back: string | undefined, seconds: number): Promise<Ending> {
    const { lease } = this.#session;
    try {
      if (back !== undefined) await this.#journal.annul(this.#from(back), reason, this.#stop);
      await lease?.confirm(Math.ceil(seconds) + this.#dependencies.config.leaseSeconds);
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'the lease could not be held');
    }
    lease?.stop();
    return { kind: 'failed', reason, seconds, release: async () => lease?.release() };
  }

  async #quarantine(reason: string): Promise<Ending> {
    try {
      const since = await quarantineNode(this.#session.node, reason, this.#last() !== undefined);
      return this.#quarantined(reason, since);
    } catch (error) {
      this.#session.lease?.stop();
      // Another machine may have the name now: that one must not be taken up again either.
      const recorded = await quarantineByName(this.#session.node, this.#dependencies.peers, reason);
      if (!recorded)
        this.#log.warn({ reason: messageOf(error) }, 'the node could not be told of its quarantine');
      return { kind: 'quarantined', reason, recorded, report: this.#report('quarantined', reason) };
    }
  }

  #quarantined(reason: string, since: string | undefined): Ending {
    const known = this.#report('quarantined', reason);
    const report = since === undefined ? known : { ...known, quarantinedSince: since };
    return { kind: 'quarantined', reason, recorded: true, report, after: this.#afterwards() };
  }

  #isOver(step: Step): boolean {
    if (step.isRepeated) return false;
    if (this.#session.isQuarantined) return true;
    const { name } = step;
    if (!this.#journal.isOver(name)) return false;
    // A CSR is asked for again until it is signed: the fingerprint is to come from the node that is there now.
    if (name === 'send_node_csr' && this.#dependencies.config.steps.sign_node_csr)
      return this.#journal.isOver('sign_node_csr');
    // Back in the enrolment collective: what it was to read was not there.
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
    const { config, peers, masters, guard, owner, events } = this.#dependencies;
    const { master, reason } = this.#plan;
    const { identity } = this.#session;
    return {
      session: this.#session,
      master,
      reason,
      config,
      peers,
      masters,
      guard,
      owner,
      timeoutSeconds: seconds,
      signal,
      log: this.#log,
      output: (text) => events.emit({ identity, type: 'output', step: step.name, text }),
    };
  }

  #failureOf(error: unknown, signal: AbortSignal): StepFailure {
    // Whatever was under way when the signal came says less than the signal.
    if (signal.aborted && signal.reason instanceof StepFailure) {
      const isSaid = error instanceof StepFailure && (error.kind === 'permanent' || error.back !== undefined);
      return isSaid ? error : signal.reason;
    }
    if (error instanceof StepFailure) return error;
    this.#log.error({ err: error }, 'an error that was not foreseen');
    return new StepFailure('failed', `an error that was not foreseen: ${messageOf(error)}`, { cause: error });
  }

  #begin(): void {
    const { events, guard } = this.#dependencies;
    const isPending = (name: string) => this.#steps.some((step) => step.name === name && !this.#isOver(step));
    if (isPending('clean_node_certname') || isPending('sign_node_csr')) {
      const { certname } = this.#session.findings;
      beginNameCheck(this.#session, guard, certname ?? this.#session.identity);
    }
    const { master, reason } = this.#plan;
    const { identity } = this.#session;
    const isResumed = this.#steps.some((step) => step.name !== 'lock' && this.#isOver(step));
    const next = this.#steps.find((step) => step.name !== 'lock' && !this.#isOver(step));
    events.emit({ identity, type: 'begun', ...(isResumed && next ? { resumedAt: next.name } : {}) });
    events.emit({ identity, type: 'master', master: master.identity, address: master.address, reason });
  }

  #report(outcome: NodeReport['outcome'], failure?: string): NodeReport {
    const { identity, findings } = this.#session;
    const { certname, csrReported, csrSigned, certificate } = findings;
    return {
      identity,
      outcome,
      ...(failure === undefined ? {} : { failure }),
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
  return failures === 1 ? `${name}: ${reason}` : `${name} failed ${failures} times, at last: ${reason}`;
}
