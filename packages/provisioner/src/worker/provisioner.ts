import { randomBytes } from 'node:crypto';
import type { Client } from '@troupe/client';
import {
  emptyFilter,
  type Filter,
  type Logger,
  messageOf,
  parseExpression,
  silentLogger,
} from '@troupe/core';
import { equalJitterBackoff } from '@troupe/core/async';
import { type Pause, PauseFile } from '@troupe/core/internal';
import { ArrivalDesk, type ArrivalLine } from '../arrivals/arrival-desk.js';
import type { ProvisionerConfig } from '../config/config.js';
import { doesAnything } from '../config/switches.js';
import { DebtCollector } from '../debts/debt-collector.js';
import { type Debt, Debts } from '../debts/debts.js';
import { eventPublisher } from '../events/event-publisher.js';
import { type EventListener, Events } from '../events/events.js';
import type { NodeReport } from '../events/node-report.js';
import { notificationOf, replacementNotification } from '../events/notification.js';
import { Notifier } from '../events/notifier.js';
import { Outbox, type OutboxState } from '../events/outbox.js';
import { PendingJournal, pendingFileOf } from '../journal/pending-journal.js';
import { type AwayMaster, KnownMasters } from '../master/known-masters.js';
import type { Master } from '../master/master.js';
import { MasterSlots } from '../master/master-slots.js';
import { Masters } from '../master/masters.js';
import { Names } from '../names/names.js';
import { Receipts } from '../names/receipts.js';
import { NameGuard } from '../node/name-guard.js';
import { StepFailure } from '../rpc/failure.js';
import { KeyPin } from '../rpc/key-pin.js';
import { peersOf } from '../rpc/peers-of.js';
import { AdmissionPolicy } from './admission-policy.js';
import type { Dependencies } from './dependencies.js';
import { Intake } from './intake.js';
import type { NoPlan } from './plan.js';
import type { Afterwards, Ending } from './provisioning.js';
import { type Job, type NodeInHand, Roster } from './roster.js';
import { WorkerPool } from './worker-pool.js';

/** What a provisioner remembers, and the messages that it sends. */
export interface Keeping {
  readonly pending: PendingJournal;
  readonly outbox: Outbox;
}

export interface ProvisionerOptions {
  readonly client: Client;
  readonly config: ProvisionerConfig;
  readonly log?: Logger;
  /** Called for every event from the start. */
  readonly onEvent?: EventListener;
  /** What outlives this provisioner, such as a connection that it could not make; by default its own. */
  readonly keeping?: Keeping;
  /** Whether a node is pinned to the key of its first reply; by default unless the security mode is `none`. */
  readonly pinKeys?: boolean;
}

/** A running provisioner. */
export interface Provisioner {
  /** The owner of its leases. */
  readonly owner: string;
  /** Calls the listener for every event from now on, until the result is called. */
  on(listener: EventListener): () => void;
  nodes(): readonly NodeInHand[];
  /** Why no new nodes are started. */
  paused(): Pause | undefined;
  /** Messages to people that wait to be sent. */
  messages(): OutboxState;
  /** The masters that reply now. Throws StepFailure if there is none. */
  masters(): Promise<readonly Master[]>;
  /** Known masters that did not reply when they were looked at last. */
  mastersAway(): readonly AwayMaster[];
  /** Cleanings of CAs that were not possible yet. */
  debts(): readonly Debt[];
  /** Machines that arrived and are not done, and those that the broker refuses. */
  arrivals(): readonly ArrivalLine[];
  /** Resolves when nothing is left to do for the nodes that are online. */
  idle(): Promise<void>;
  /** Releases all nodes: Puppet runs on them continue, and other provisioners may take over at once. */
  stop(): Promise<void>;
}

/** Starts to provision nodes as they come online. */
export async function startProvisioner(options: ProvisionerOptions): Promise<Provisioner> {
  const running = new RunningProvisioner(options);
  try {
    await running.start();
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

/** Nodes that were handed over and whose end is not recorded, or whose notification is pending. */
const unfinished = 'provision().finished=false and provision().step=/./';
/** Seconds; the main collective may be large. */
const leastBetweenMainSearches = 60;
/** Nodes that are looked at again before the next search of the main collective; the search finds the others. */
const mostLooks = 20_000;
/** Milliseconds that pending notifications get at the stop. */
const notificationGrace = 10_000;
/** Milliseconds between two looks for masters while nodes wait for one. */
const lookForMasters = 5_000;
/** Milliseconds between two attempts to pay what is owed to masters. */
const collectEvery = 30_000;

/** How often a node may go offline in the middle of the work, without a step that succeeds between. */
const mostInterruptions = 6;
/** The same for a node whose daemon is started again while it is still being asked. */
const mostGoings = 12;

type Away = Extract<Ending, { kind: 'master-away' }>;

class RunningProvisioner implements Provisioner {
  readonly owner: string;
  readonly #dependencies: Dependencies;
  readonly #log: Logger;
  readonly #pinKeys: boolean;
  readonly #outbox: Outbox;
  readonly #disconnect: () => void;
  /** Journal and outbox end with this provisioner. */
  readonly #isKeeping: boolean;
  readonly #names: Names;
  // no peer fills this: it holds what this program itself asks for
  readonly #intakes: Intake[] = [];
  readonly #workers: WorkerPool;
  readonly #roster = new Roster();
  readonly #debts: Debts;
  readonly #collector: DebtCollector;
  readonly #desk: ArrivalDesk;
  // no peer fills this: it holds nodes in progress, which the roster bounds
  readonly #work = new Set<Promise<void>>();
  /** Nodes that have ended and whose notification is being sent. */
  // no peer fills this: it holds nodes in progress, which the roster bounds
  readonly #notifying = new Set<Afterwards>();
  /** Nodes of the main collective that another provisioner works on: when to check them again. */
  // bound: nodes that another provisioner works on | nodes of the main collective | {mostLooks} | 300 bytes each |
  // the next search finds them
  readonly #looks = new Map<string, NodeJS.Timeout>();
  readonly #stop = new AbortController();
  // no peer fills this: it holds what this program itself asks for
  readonly #unsubscribe: (() => void)[] = [];

  constructor({ client, config, log = silentLogger, onEvent, keeping, pinKeys }: ProvisionerOptions) {
    this.#log = log;
    this.owner = `${client.caller}/${randomBytes(6).toString('hex')}`;
    this.#pinKeys = pinKeys ?? client.config.security.mode !== 'none';
    const events = new Events(log);
    const pending = keeping?.pending ?? PendingJournal.open(pendingFileOf(config.journalFile), log);
    if (config.publishesEvents) events.on(eventPublisher(client, this.owner, log));
    if (onEvent) events.on(onEvent);
    const peers = peersOf(client, config);
    const masters = new Masters(peers, config.master, log, new KnownMasters(pending));
    this.#debts = new Debts(pending);
    this.#collector = new DebtCollector({
      debts: this.#debts,
      peers,
      masters,
      events,
      log,
      isInProgress: (identity) => this.#roster.has(identity),
      signal: this.#stop.signal,
    });
    const slots = new MasterSlots({ perMaster: config.limitPerMaster, workers: config.workers });
    const loadOf = (master: string) => slots.loadOf(master);
    const guard = new NameGuard(peers, masters, config);
    const pauses = new PauseFile(config.pauseFile);
    const paused = () => pauses.read();
    const policy = new AdmissionPolicy(peers, config.policy);
    this.#names = new Names(peers, config, log);
    this.#isKeeping = keeping === undefined;
    this.#outbox = keeping?.outbox ?? new Outbox({ config, journal: pending, log });
    this.#desk = new ArrivalDesk({
      peers,
      pending,
      events,
      outbox: this.#outbox,
      tellAfterSeconds: config.notify.stuckAfterSeconds,
      inHand: () => this.#roster.list(),
      log,
    });
    this.#dependencies = {
      config,
      peers,
      masters,
      debts: this.#debts,
      guard,
      replacement: this.#names.rule,
      receipts: client.config.security.mode === 'x509' ? new Receipts(client.config.security) : undefined,
      policy,
      arrivals: this.#desk,
      events,
      outbox: this.#outbox,
      pending,
      log,
      owner: this.owner,
      paused,
      loadOf,
    };
    const notifier = new Notifier(peers, config.notify);
    this.#disconnect = this.#outbox.connect({ notifier, report: (event) => events.emit(event) });
    client.onConnect(() => this.#outbox.kick());
    events.on((event) => {
      if (event.type === 'replaced') this.#outbox.post(replacementNotification(event));
    });
    this.#workers = new WorkerPool(this.#dependencies, slots, this.#stop.signal);
  }

  on(listener: EventListener): () => void {
    return this.#dependencies.events.on(listener);
  }

  nodes(): readonly NodeInHand[] {
    return this.#roster.list();
  }

  paused(): Pause | undefined {
    return this.#dependencies.paused();
  }

  messages(): OutboxState {
    return this.#outbox.state;
  }

  masters(): Promise<readonly Master[]> {
    return this.#dependencies.masters.list();
  }

  mastersAway(): readonly AwayMaster[] {
    return this.#dependencies.masters.away();
  }

  debts(): readonly Debt[] {
    return this.#debts.list();
  }

  arrivals(): readonly ArrivalLine[] {
    return this.#desk.list();
  }

  async start(): Promise<void> {
    const { config, peers } = this.#dependencies;
    for (const note of config.notes) this.#log.info(note);
    for (const warning of config.warnings) this.#log.warn(warning);
    if (!doesAnything(config.steps)) return;
    await this.#names.start();
    await this.#desk.start();
    this.#watchMasters();
    const { enrolment, main } = peers;
    await this.#watch(enrolment);
    this.#look(enrolment, config.target.filter, config.sleeptime, true);
    if (enrolment === main) return;
    await this.#watch(main);
    const compound = [parseExpression(unfinished)];
    const filter = { ...emptyFilter, agents: [config.target.agent], compound };
    this.#look(main, filter, Math.max(leastBetweenMainSearches, config.sleeptime), false);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#intakes.map(({ looked }) => looked));
    await this.#roster.empty();
    await this.#outbox.idle();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new StepFailure('stopped', 'this provisioner is stopping'));
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const timer of this.#looks.values()) clearTimeout(timer);
    this.#desk.stop();
    await Promise.all([this.#names.stop(), ...this.#intakes.map((intake) => intake.stop())]);
    await Promise.all(this.#work);
    await this.#roster.close();
    const grace = AbortSignal.timeout(notificationGrace);
    const isOver = new Promise((resolve) => grace.addEventListener('abort', resolve, { once: true }));
    await Promise.race([Promise.all([this.#roster.empty(), this.#outbox.idle()]), isOver]);
    this.#disconnect();
    for (const after of this.#notifying) after.leave();
    this.#notifying.clear();
    if (!this.#isKeeping) return;
    this.#outbox.stop();
    await this.#dependencies.pending.close();
  }

  // A node that is back online is taken up at once, if its record shows that it is not done.
  async #watch(collective: string): Promise<void> {
    const presence = await this.#dependencies.peers.client.presence(collective);
    const unsubscribe = presence.onChange(({ identity, online }) => {
      this.#desk.presence(identity, collective, online);
      if (!online) return;
      this.#roster.forget(identity);
      if (this.#dependencies.masters.arrived(identity)) void this.#lookForMasters();
      const job = this.#roster.resumable(identity);
      if (job) this.#begin(this.#moved(job, collective));
    });
    this.#unsubscribe.push(unsubscribe);
  }

  // In the main collective a node signs with its certificate, which proves its name.
  #moved(job: Job, collective: string): Job {
    return collective === job.collective ? job : { ...job, collective, pin: new KeyPin(this.#pinKeys) };
  }

  #look(collective: string, filter: Filter, everySeconds: number, isEager: boolean): void {
    const { peers } = this.#dependencies;
    const onNode = (identity: string) => this.#offer(identity, collective);
    const onTrouble = (identity: string, reason: string) => this.#trouble(identity, collective, reason);
    const options = { peers, collective, filter, everySeconds, isEager, onNode, onTrouble, log: this.#log };
    this.#intakes.push(new Intake(options));
  }

  // Where all hosts are in one collective, one that is silent need not be a new machine.
  #trouble(identity: string, collective: string, reason: string): void {
    const { enrolment, main } = this.#dependencies.peers;
    if (this.#roster.has(identity)) return;
    if (collective === enrolment && enrolment !== main) this.#desk.silent(identity, collective, reason);
  }

  #offer(identity: string, collective: string): void {
    if (this.#stop.signal.aborted) return;
    this.#desk.offered(identity, collective);
    const job = this.#roster.resumable(identity);
    if (job && job.collective !== collective) this.#begin(this.#moved(job, collective));
    if (this.#roster.has(identity)) return;
    if (this.#roster.isFull) {
      // It is found again by the next search.
      this.#log.debug({ node: identity }, 'too many nodes in progress: this node has to wait');
      return;
    }
    if (this.#roster.isUnknown(identity)) {
      this.#roster.isNews(identity, '');
      this.#dependencies.events.emit({ type: 'arrived', identity, collective });
    }
    this.#begin({ identity, collective, pin: new KeyPin(this.#pinKeys), state: 'planning', tries: 0 });
  }

  #begin(given: Job): void {
    const job: Job = { ...given, state: 'planning', goings: this.#desk.goingsOf(given.identity) };
    this.#roster.take(job);
    const work = this.#workers.carryOut(job).then((ending) => this.#conclude(job, ending));
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  async #conclude(job: Job, ending: Ending | NoPlan): Promise<void> {
    const { identity } = job;
    const { events } = this.#dependencies;
    if ('refusal' in ending) {
      this.#leave(job, ending.refusal, ending.state);
      if (ending.leaseSeconds !== undefined) this.#lookAgain(job, ending.leaseSeconds);
    } else if (ending.kind === 'done' || ending.kind === 'quarantined') {
      const { report } = ending;
      if (!this.#outbox.isOn) await ending.after?.release();
      if (ending.kind === 'done') events.emit({ identity, type: 'done', report });
      else {
        const { reason, recorded } = ending;
        events.emit({ identity, type: 'quarantined', reason, recorded, report });
      }
      this.#finish(job, ending);
    } else if (ending.kind === 'lost') this.#leave(job, ending.reason, 'elsewhere');
    else if (ending.kind === 'failed') this.#wait(job, ending.reason, ending.seconds, ending.release);
    else if (ending.kind === 'name-taken') {
      this.#wait(job, ending.reason, ending.seconds);
      this.#desk.waits(identity, job.collective, ending.reason, 'name-taken');
    } else if (ending.kind === 'held') this.#waitHeld(job, ending.reason);
    else if (ending.kind === 'master-away') this.#waitForMaster(job, ending);
    else if (ending.kind === 'unreachable') await this.#waitForNode(job, ending.reason);
    else this.#roster.drop(job);
  }

  // A node stays in progress until the notification is sent: another provisioner would take it up for that.
  #finish(job: Job, { report, after }: Extract<Ending, { report: NodeReport }>): void {
    const { identity } = job;
    this.#roster.isNews(identity, report.outcome);
    if (!this.#outbox.isOn) {
      this.#over(job);
      return;
    }
    job.state = 'telling';
    if (after) this.#notifying.add(after);
    void this.#outbox.send(notificationOf(report)).then(async ({ outcome, reason }) => {
      if (after && this.#notifying.delete(after)) await after.notified(outcome, reason);
      this.#over(job);
    });
  }

  // What is owed for a node can be paid once it is done.
  #over(job: Job): void {
    this.#roster.drop(job);
    void this.#collector.collect();
  }

  #leave(job: Job, reason: string, state: NoPlan['state']): void {
    const { identity, collective } = job;
    this.#desk.leftAlone(identity, collective, state, reason);
    if (this.#roster.isNews(identity, reason))
      this.#dependencies.events.emit({ identity, type: 'left', reason });
    this.#roster.drop(job);
  }

  // The provisioner that works on it may be dead, and the main collective is searched seldom.
  #lookAgain({ identity, collective }: Job, seconds: number): void {
    const { enrolment, main } = this.#dependencies.peers;
    if (collective !== main || main === enrolment || this.#looks.size >= mostLooks) return;
    clearTimeout(this.#looks.get(identity));
    const look = () => {
      this.#looks.delete(identity);
      this.#offer(identity, collective);
    };
    this.#looks.set(identity, setTimeout(look, seconds * 1000));
  }

  // The return of one that is offline is reported; one that was handed over may be back already.
  async #waitForNode(job: Job, reason: string): Promise<void> {
    const { config, events } = this.#dependencies;
    const { identity, collective } = job;
    const next: Job = { ...job, tries: job.tries + 1 };
    const { enrolment, main } = config.collectives;
    if (collective === enrolment && main !== enrolment && (await this.#isOnline(identity, main))) {
      this.#wait(this.#moved(next, main), reason, config.backoff.first);
    } else if (this.#isGivenUp(next, reason, (await this.#isOnline(identity, collective)) === false)) {
      return;
    } else if ((await this.#isOnline(identity, collective)) === false) {
      this.#roster.forget(identity);
      events.emit({ identity, type: 'waiting', reason });
      this.#desk.waits(identity, collective, reason);
      this.#desk.presence(identity, collective, false);
      this.#roster.expect(next);
    } else this.#wait(next, reason, equalJitterBackoff(next.tries, config.backoff));
  }

  // One that goes offline again and again in the middle of the work is put into quarantine when it is back. It may be back
  // already, as a daemon that crashes and is started again.
  #isGivenUp(job: Job, last: string, isOffline: boolean): boolean {
    const { identity, collective, goings = 0 } = job;
    const went = this.#desk.goingsOf(identity);
    if (this.#desk.holdOf(identity) || !(isOffline || went > goings)) return false;
    const interruptions = this.#desk.interrupted(identity, collective);
    if (interruptions < mostInterruptions && went < mostGoings) return false;
    const count = Math.max(interruptions, went);
    const reason = `it went offline ${count} times in the middle of the work, last error: ${last}`;
    const times = { seconds: 0, secondsOutsidePuppet: 0, steps: [] };
    const report = { identity, outcome: 'quarantined', failure: reason, ...times } as const;
    this.#dependencies.events.emit({ identity, type: 'quarantined', reason, recorded: false, report });
    this.#finish(job, { kind: 'quarantined', reason, recorded: false, report });
    return true;
  }

  // It is reported already.
  #waitHeld(job: Job, reason: string): void {
    const { most: seconds } = this.#dependencies.config.backoff;
    this.#roster.take(job);
    this.#roster.wait(job, { reason, seconds, again: () => this.#begin(job) });
  }

  // What repeats is reported once; a master that replies again ends the wait.
  #waitForMaster(job: Job, { reason, seconds = Number.POSITIVE_INFINITY }: Away): void {
    const next: Job = { ...job, tries: job.tries + 1 };
    const { config, events } = this.#dependencies;
    const { identity } = next;
    const pause = Math.min(seconds, equalJitterBackoff(next.tries, config.backoff));
    this.#roster.take(next);
    const again = () => this.#begin(next);
    this.#roster.wait(next, { reason, seconds: pause, again, isForMaster: true });
    this.#desk.waits(identity, next.collective, reason);
    if (this.#roster.isNews(identity, reason))
      events.emit({ identity, type: 'waiting', reason, seconds: pause });
  }

  // A master that replies again is noticed although no node is looked at, or they wait for long.
  #watchMasters(): void {
    const { masters } = this.#dependencies;
    const collect = () => void this.#collector.collect();
    this.#unsubscribe.push(masters.onBack(() => this.#roster.wakeForMaster()));
    this.#unsubscribe.push(masters.onBack(collect));
    const timer = setInterval(() => {
      if (this.#roster.waitsForMaster) void this.#lookForMasters();
    }, lookForMasters);
    const slow = setInterval(collect, collectEvery);
    this.#unsubscribe.push(
      () => clearInterval(timer),
      () => clearInterval(slow),
    );
  }

  async #lookForMasters(): Promise<void> {
    try {
      await this.#dependencies.masters.look();
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'cannot look for masters');
    }
  }

  // Undefined if the broker does not report it.
  async #isOnline(identity: string, collective: string): Promise<boolean | undefined> {
    const presence = await this.#dependencies.peers.client.presence(collective).catch(() => undefined);
    return presence?.isOnline(identity);
  }

  #wait(job: Job, reason: string, seconds: number, release?: () => Promise<void>): void {
    this.#roster.take(job);
    const again = () => this.#begin(job);
    this.#roster.wait(job, { reason, seconds, again, ...(release ? { release } : {}) });
    this.#desk.waits(job.identity, job.collective, reason);
    this.#dependencies.events.emit({ identity: job.identity, type: 'waiting', reason, seconds });
  }
}
