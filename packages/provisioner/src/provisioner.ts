import { randomBytes } from 'node:crypto';
import type { Client } from '@troupe/client';
import { emptyFilter, type Filter, type Logger, messageOf, parseExpression, silentLogger } from '@troupe/core';
import PQueue from 'p-queue';
import { backoffSeconds } from './backoff.js';
import type { ProvisionerConfig } from './config/config.js';
import { doesAnything } from './config/switches.js';
import { type EventListener, Events } from './events.js';
import { StepFailure } from './failure.js';
import { Intake } from './intake.js';
import { KeyPin } from './key-pin.js';
import { type Master, Masters } from './masters.js';
import { MasterPlaces } from './master-places.js';
import { endMessage } from './message.js';
import { NameGuard } from './name-guard.js';
import { Notifier } from './notifier.js';
import { peersOf } from './peers.js';
import { type Kit, type NoPlan, type Plan, planFor } from './plan.js';
import { type Ending, provision } from './provisioning.js';
import { putAsideAnybody } from './quarantine.js';

export interface ProvisionerOptions {
  readonly client: Client;
  readonly config: ProvisionerConfig;
  readonly log?: Logger;
  /** Hears of everything from the beginning. */
  readonly onEvent?: EventListener;
  /** Whether a node is held to the key of its first answer; by default wherever keys are vouched for. */
  readonly pinKeys?: boolean;
}

/** A node that a provisioner has in hand. */
export interface NodeInHand {
  readonly identity: string;
  readonly state: 'planning' | 'queued' | 'working' | 'waiting';
  readonly master?: string;
  /** What it waits for. */
  readonly reason?: string;
}

/** A provisioner at work. */
export interface Provisioner {
  /** The name of its leases. */
  readonly owner: string;
  /** Hears of everything from now on, until the result is called. */
  on(listener: EventListener): () => void;
  nodes(): readonly NodeInHand[];
  /** The masters that answer now. Throws StepFailure where there is none. */
  masters(): Promise<readonly Master[]>;
  /** Resolves when nothing is left to do for the nodes that are there. */
  idle(): Promise<void>;
  /** Lets go of all nodes: what runs on them goes on, and others may take over at once. */
  stop(): Promise<void>;
}

/** Begins to provision every node that arrives. */
export async function startProvisioner(options: ProvisionerOptions): Promise<Provisioner> {
  const running = new RunningProvisioner(options);
  await running.start();
  return running;
}

interface Job {
  readonly identity: string;
  readonly collective: string;
  readonly pin: KeyPin;
  state: NodeInHand['state'];
  master?: string;
  reason?: string;
  /** How often in a row it could not be worked on through no fault of its own. */
  tries: number;
  timer?: NodeJS.Timeout;
  /** Gives back the lease that is held while it waits. */
  release?: () => Promise<void>;
}

/** Nodes that were handed over and whose end nobody has noted. */
const unfinished = 'provision().done=false and provision().quarantined=false and provision().step=/./';
/** Seconds; the main collective may be large. */
const leastBetweenMainLooks = 60;
/** Milliseconds after which a plan is looked at again before it is carried out. */
const planIsGoodFor = 10_000;
const lastWords = 10_000;

class RunningProvisioner implements Provisioner {
  readonly owner: string;
  readonly #kit: Kit;
  readonly #log: Logger;
  readonly #pinKeys: boolean;
  readonly #notifier: Notifier;
  readonly #intakes: Intake[] = [];
  readonly #planning: PQueue;
  readonly #places: MasterPlaces;
  readonly #jobs = new Map<string, Job>();
  readonly #work = new Set<Promise<void>>();
  /** What was last said of nodes that need nothing, so that it is said once. */
  readonly #told = new Map<string, string>();
  readonly #stop = new AbortController();
  readonly #idlers = new Set<() => void>();
  readonly #unsubscribe: (() => void)[] = [];

  constructor({ client, config, log = silentLogger, onEvent, pinKeys }: ProvisionerOptions) {
    this.#log = log;
    this.owner = `${client.caller}/${randomBytes(6).toString('hex')}`;
    this.#pinKeys = pinKeys ?? client.config.security.mode !== 'none';
    const events = new Events(log);
    if (onEvent) events.on(onEvent);
    const peers = peersOf(client, config);
    const masters = new Masters(peers, config.master, log);
    this.#places = new MasterPlaces({ perMaster: config.limitPerMaster, workers: config.workers });
    const loadOf = (master: string) => this.#places.loadOf(master);
    const guard = new NameGuard(peers, masters, config);
    this.#kit = { config, peers, masters, guard, events, log, owner: this.owner, loadOf };
    this.#notifier = new Notifier(peers, config.notify, events, log);
    this.#planning = new PQueue({ concurrency: config.workers });
  }

  on(listener: EventListener): () => void {
    return this.#kit.events.on(listener);
  }

  nodes(): readonly NodeInHand[] {
    return [...this.#jobs.values()].map(({ identity, state, master, reason }) => ({
      identity,
      state,
      ...(master === undefined ? {} : { master }),
      ...(reason === undefined ? {} : { reason }),
    }));
  }

  masters(): Promise<readonly Master[]> {
    return this.#kit.masters.list();
  }

  async start(): Promise<void> {
    const { config, peers } = this.#kit;
    for (const note of config.notes) this.#log.info(note);
    if (!doesAnything(config.steps)) return;
    const { enrolment, main } = peers;
    await this.#watch(enrolment);
    this.#look(enrolment, config.target.filter, config.sleeptime, true);
    if (enrolment === main) return;
    await this.#watch(main);
    const compound = [parseExpression(unfinished)];
    const filter = { ...emptyFilter, agents: [config.target.agent], compound };
    this.#look(main, filter, Math.max(leastBetweenMainLooks, config.sleeptime), false);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#intakes.map(({ looked }) => looked));
    while (this.#jobs.size > 0 && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => this.#idlers.add(resolve));
    }
    await this.#notifier.idle();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new StepFailure('stopped', 'this provisioner ends'));
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await Promise.all(this.#intakes.map((intake) => intake.stop()));
    const waiting = [...this.#jobs.values()].filter(({ state }) => state === 'waiting');
    for (const job of waiting) clearTimeout(job.timer);
    await Promise.all([...this.#work, ...waiting.map(({ release }) => release?.())]);
    const silence = AbortSignal.timeout(lastWords);
    await Promise.race([
      this.#notifier.idle(),
      new Promise((resolve) => silence.addEventListener('abort', resolve, { once: true })),
    ]);
    this.#jobs.clear();
    this.#tellIdlers();
  }

  // A node that was away and is back is taken up at once, where its record says that it is not done.
  async #watch(collective: string): Promise<void> {
    const presence = await this.#kit.peers.client.presence(collective);
    const unsubscribe = presence.onChange(({ identity, online }) => {
      if (!online) return;
      this.#told.delete(identity);
      const job = this.#jobs.get(identity);
      if (job?.state === 'waiting' && job.release === undefined) this.#begin({ ...job, collective });
    });
    this.#unsubscribe.push(unsubscribe);
  }

  #look(collective: string, filter: Filter, everySeconds: number, isEager: boolean): void {
    const { peers } = this.#kit;
    const onNode = (identity: string) => this.#offer(identity, collective);
    const options = { peers, collective, filter, everySeconds, isEager, onNode, log: this.#log };
    this.#intakes.push(new Intake(options));
  }

  #offer(identity: string, collective: string): void {
    if (this.#jobs.has(identity) || this.#stop.signal.aborted) return;
    if (!this.#told.has(identity)) {
      this.#told.set(identity, '');
      this.#kit.events.emit({ type: 'arrived', identity, collective });
    }
    this.#begin({ identity, collective, pin: new KeyPin(this.#pinKeys), state: 'planning', tries: 0 });
  }

  #begin(given: Job): void {
    clearTimeout(given.timer);
    const { timer: _, release: __, reason: ___, ...kept } = given;
    const job: Job = { ...kept, state: 'planning' };
    this.#jobs.set(job.identity, job);
    const work = this.#carryOut(job).then((ending) => this.#ended(job, ending));
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  // Never rejects.
  async #carryOut(job: Job): Promise<Ending | NoPlan> {
    try {
      for (;;) {
        const plan = await this.#planning.add(() => planFor(job, this.#kit, this.#stop.signal));
        if ('refusal' in plan) return plan;
        const ending = await this.#onMaster(job, plan);
        if (ending) return ending;
      }
    } catch (error) {
      return this.#endingOf(job, error);
    }
  }

  // Nothing where it has to go to another master meanwhile.
  #onMaster(job: Job, plan: Plan): Promise<Ending | NoPlan | undefined> {
    const { identity } = plan.master;
    const { signal } = this.#stop;
    const planned = Date.now();
    job.master = identity;
    job.state = 'queued';
    return this.#places.run(identity, async () => {
      const isFresh = Date.now() - planned < planIsGoodFor;
      const now = isFresh ? plan : await planFor(job, this.#kit, signal);
      if ('refusal' in now) return now;
      if (now.master.identity !== identity) return undefined;
      job.state = 'working';
      return provision(now, this.#kit, signal);
    });
  }

  async #endingOf(job: Job, error: unknown): Promise<Ending> {
    if (!(error instanceof StepFailure)) {
      this.#log.error({ err: error }, 'an error that was not foreseen');
      return { kind: 'unreachable', reason: `an error that was not foreseen: ${messageOf(error)}` };
    }
    const { kind, message: reason } = error;
    if (kind === 'stopped') return { kind };
    if (kind === 'lost') return { kind, reason };
    if (kind !== 'permanent') return { kind: 'unreachable', reason };
    const recorded = await putAsideAnybody(job, this.#kit.peers, reason);
    const report = { identity: job.identity, failure: reason, seconds: 0, secondsOutsidePuppet: 0, steps: [] };
    return { kind: 'quarantined', reason, recorded, report: { ...report, outcome: 'quarantined' } };
  }

  #ended(job: Job, ending: Ending | NoPlan): void {
    const { identity } = job;
    const { events } = this.#kit;
    if ('refusal' in ending) return this.#leave(job, ending.refusal);
    switch (ending.kind) {
      case 'done':
      case 'quarantined': {
        this.#drop(job);
        this.#told.set(identity, ending.kind);
        if (ending.kind === 'done') events.emit({ identity, type: 'done', report: ending.report });
        else events.emit({ identity, type: 'quarantined', ...pick(ending) });
        if (this.#kit.config.steps.notify) this.#notifier.send({ identity, ...endMessage(ending.report) });
        this.#tellIdlers();
        return;
      }
      case 'failed':
        job.release = ending.release;
        return this.#wait(job, ending.reason, ending.seconds);
      case 'unreachable':
        job.tries += 1;
        return this.#await(job, ending.reason);
      case 'lost':
        return this.#leave(job, ending.reason);
      case 'stopped':
        return this.#drop(job);
    }
  }

  // One that is offline is heard of when it comes back.
  #await(job: Job, reason: string): void {
    const { peers, config } = this.#kit;
    void peers.client.presence(job.collective).then(
      (presence) => {
        if (presence.isOnline(job.identity) !== false) {
          return this.#wait(job, reason, backoffSeconds(job.tries, config.backoff));
        }
        this.#drop(job);
        this.#told.delete(job.identity);
        this.#kit.events.emit({ identity: job.identity, type: 'waiting', reason });
      },
      () => this.#wait(job, reason, backoffSeconds(job.tries, config.backoff)),
    );
  }

  #wait(job: Job, reason: string, seconds: number): void {
    if (this.#stop.signal.aborted) {
      void job.release?.();
      return this.#drop(job);
    }
    job.state = 'waiting';
    job.reason = reason;
    job.timer = setTimeout(() => this.#begin(job), seconds * 1000);
    this.#kit.events.emit({ identity: job.identity, type: 'waiting', reason, seconds });
  }

  #leave(job: Job, reason: string): void {
    this.#drop(job);
    if (this.#told.get(job.identity) === reason) return;
    this.#told.set(job.identity, reason);
    this.#kit.events.emit({ identity: job.identity, type: 'left', reason });
  }

  #drop(job: Job): void {
    if (this.#jobs.get(job.identity) === job) this.#jobs.delete(job.identity);
    this.#tellIdlers();
  }

  #tellIdlers(): void {
    for (const resolve of this.#idlers) resolve();
    this.#idlers.clear();
  }
}

function pick({ reason, recorded, report }: Extract<Ending, { kind: 'quarantined' }>) {
  return { reason, recorded, report };
}
