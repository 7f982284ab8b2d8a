import { messageOf } from '@troupe/core';
import PQueue from 'p-queue';
import type { MasterSlots } from '../master/master-slots.js';
import { readRecord, releasedAt } from '../node/node-record.js';
import { quarantineByName } from '../node/quarantine.js';
import { asFailure, StepFailure } from '../rpc/failure.js';
import { NodeAgent } from '../rpc/node-agent.js';
import type { Dependencies } from './dependencies.js';
import { type NoPlan, type Plan, planFor, wordsOfQuarantine } from './plan.js';
import { type Ending, provision } from './provisioning.js';
import type { Job } from './roster.js';

/** Milliseconds after which a plan is checked again before it is carried out. */
const planIsGoodFor = 10_000;

/** Plans and carries out: examines a node, waits for a slot on its master, and takes it through the steps. */
export class WorkerPool {
  readonly #dependencies: Dependencies;
  readonly #slots: MasterSlots;
  readonly #stop: AbortSignal;
  // no peer fills this: it holds nodes in progress, which the roster bounds
  readonly #planning: PQueue;

  constructor(dependencies: Dependencies, slots: MasterSlots, stop: AbortSignal) {
    this.#dependencies = dependencies;
    this.#slots = slots;
    this.#stop = stop;
    this.#planning = new PQueue({ concurrency: dependencies.config.workers });
  }

  /** Provisions a node; resolves to its ending, never rejects. */
  async carryOut(job: Job): Promise<Ending | NoPlan> {
    try {
      for (;;) {
        // Once for all nodes: separately, each would only find out the same again.
        await this.#dependencies.peers.client.whenConnected(this.#stop);
        const held = await this.#settleHold(job);
        if (held) return held;
        const plan = await this.#planning.add(() => planFor(job, this.#dependencies, this.#stop));
        if ('refusal' in plan) return plan;
        const ending = await this.#onMaster(job, plan);
        if (ending) return ending;
      }
    } catch (error) {
      return this.#endingOf(job, error);
    }
  }

  // A quarantine that the node could not record is recorded as soon as it can, unless the node was released.
  async #settleHold(job: Job): Promise<Ending | NoPlan | undefined> {
    const { arrivals, peers } = this.#dependencies;
    const { identity } = job;
    const hold = arrivals.holdOf(identity);
    if (!hold) return undefined;
    const node = new NodeAgent({ ...job, peers });
    const options = { answerWithin: 5, signal: this.#stop };
    const status = await node.ask('status', (agent, given) => agent.status({}, given), options);
    const record = readRecord(status);
    const ahead = peers.clocks.wrongBy(identity) ?? 0;
    if (releasedAt(record) - ahead > hold.since) {
      arrivals.unhold(identity);
      return undefined;
    }
    if (!record.quarantine && !(await quarantineByName(job, peers, hold.reason)))
      return { kind: 'held', reason: hold.reason };
    arrivals.unhold(identity);
    const since = record.quarantine?.since ?? new Date(hold.since).toISOString();
    const { reason } = record.quarantine ?? hold;
    return { refusal: wordsOfQuarantine({ since, reason }), state: 'quarantined' };
  }

  // Undefined if it has to go to another master meanwhile.
  #onMaster(job: Job, plan: Plan): Promise<Ending | NoPlan | undefined> {
    const { identity } = plan.master;
    const planned = Date.now();
    job.master = identity;
    job.state = 'queued';
    return this.#slots.run(identity, async () => {
      await this.#checkThere(job);
      const isFresh = Date.now() - planned < planIsGoodFor && !this.#dependencies.paused();
      const now = isFresh ? plan : await planFor(job, this.#dependencies, this.#stop);
      if ('refusal' in now) return now;
      if (now.master.identity !== identity) return undefined;
      job.state = 'working';
      return provision(now, this.#dependencies, this.#stop);
    });
  }

  // While it waited for its slot another provisioner may have finished it; a node known to be offline is not asked.
  async #checkThere({ identity, collective }: Job): Promise<void> {
    const presence = await this.#dependencies.peers.client.presence(collective);
    if (presence.isOnline(identity) !== false) return;
    throw new StepFailure(
      'unreachable',
      `${identity} went offline while it waited for its master to have a free slot`,
    );
  }

  async #endingOf(job: Job, thrown: unknown): Promise<Ending | NoPlan> {
    const error = asFailure(thrown, 'planning');
    if (!(error instanceof StepFailure)) {
      this.#dependencies.log.error({ err: error, node: job.identity }, 'unexpected error');
      return { kind: 'unreachable', reason: `unexpected error: ${messageOf(error)}` };
    }
    const { kind, message: reason } = error;
    if (kind === 'stopped') return { kind };
    // A host that has left the collective of new machines needs no provision agent any more.
    const { enrolment, main } = this.#dependencies.peers;
    if (kind === 'gone' && job.collective === enrolment && enrolment !== main)
      return { refusal: reason, state: 'unwanted' };
    if (kind === 'lost' || kind === 'gone') return { kind: 'lost', reason };
    if (kind === 'master-away') return { kind, reason, seconds: error.waitSeconds };
    if (kind !== 'permanent') return { kind: 'unreachable', reason };
    const recorded = await quarantineByName(job, this.#dependencies.peers, reason);
    const report = {
      identity: job.identity,
      failure: reason,
      seconds: 0,
      secondsOutsidePuppet: 0,
      steps: [],
    };
    return { kind: 'quarantined', reason, recorded, report: { ...report, outcome: 'quarantined' } };
  }
}
