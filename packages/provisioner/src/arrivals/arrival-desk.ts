import type { Logger, RefusedClient } from '@troupe/core';
import { messageOf } from '@troupe/core';
import { BoundedMap, naturalOrder } from '@troupe/core/internal';
import type { EventListener, Events } from '../events/events.js';
import { eventId, waitingNotification } from '../events/notification.js';
import type { Outbox } from '../events/outbox.js';
import type { PendingJournal } from '../journal/pending-journal.js';
import { wordsOfClock } from '../rpc/node-clocks.js';
import type { Peers } from '../rpc/peers.js';
import type { NodeInHand } from '../worker/roster.js';
import { adviceFor } from './advice.js';
import type { Arrival, ArrivalState, Hold } from './arrival.js';
import { Arrivals } from './arrivals.js';
import { nameOf, RefusedNewcomers } from './refused-newcomers.js';

/** A machine that arrived and is not done, for people. Times are milliseconds since 1970. */
export interface ArrivalLine {
  readonly identity: string;
  readonly collective: string;
  readonly state: ArrivalState | 'refused';
  readonly reason: string;
  /** Since when it is in this state. */
  readonly since: number;
  /** How often the reason came up. */
  readonly count: number;
  /** From where it tries to connect, if the broker refuses it. */
  readonly address?: string;
}

export interface ArrivalDeskOptions {
  readonly peers: Peers;
  readonly pending: Pick<PendingJournal, 'entries'>;
  readonly events: Events;
  readonly outbox: Pick<Outbox, 'post'>;
  /** Seconds without progress after which people are told. */
  readonly tellAfterSeconds: number;
  readonly inHand: () => readonly NodeInHand[];
  readonly log: Logger;
  readonly now?: () => number;
}

/** Milliseconds between two looks for machines that people have to be told of. */
const lookEvery = 10_000;
/** Milliseconds without an end after which people are told although it goes on: nothing may be unknown for ten minutes. */
const tellOfWorkAfter = 540_000;
/** Milliseconds for which a rejected reply explains why a machine seems silent. */
const rejectionLasts = 120_000;
const mostRejections = 1000;
/** States that go on by themselves. */
const busy: ReadonlySet<ArrivalState> = new Set(['new', 'queued', 'working']);
/** States of which people are told elsewhere: at the quarantine, or by another provisioner. */
const toldElsewhere: ReadonlySet<ArrivalState> = new Set(['quarantined', 'elsewhere']);

/** Knows what keeps each machine that arrived, and has people told in time of those that make no progress. */
export class ArrivalDesk {
  readonly #options: ArrivalDeskOptions;
  readonly #arrivals: Arrivals;
  readonly #refused = new RefusedNewcomers();
  // bound: nodes whose replies were rejected a moment ago | anybody at the broker who may publish replies |
  // {mostRejections} | 1 KiB each | the one rejected the longest time ago is removed
  readonly #rejections = new BoundedMap<string, { readonly reason: string; readonly at: number }>({
    most: mostRejections,
  });
  // no peer fills this: it holds what this program itself asks for
  readonly #closers: (() => unknown)[] = [];

  constructor(options: ArrivalDeskOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals(options.pending, () => this.#now());
    options.events.on(this.#listen);
  }

  /** Listens to the network, and tells people, until stopped. */
  async start(): Promise<void> {
    const { peers, log } = this.#options;
    const { client, enrolment } = peers;
    this.#closers.push(
      client.onRejectedReply(({ node, reason }) => this.#rejections.set(node, { reason, at: this.#now() })),
    );
    const timer = setInterval(() => this.look(), lookEvery);
    this.#closers.push(() => clearInterval(timer));
    try {
      this.#closers.push(await client.onRefusedClients((refused) => this.refused(refused), enrolment));
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'cannot receive reports about clients that the broker refuses');
    }
  }

  stop(): void {
    for (const close of this.#closers.splice(0)) void close();
  }

  /** All machines that arrived and are not done, in the order of their names. */
  list(): readonly ArrivalLine[] {
    const inHand = new Map(this.#options.inHand().map((node) => [node.identity, node]));
    const { enrolment } = this.#options.peers;
    const known = this.#arrivals.list().map((arrival) => this.#lineOf(arrival, inHand.get(arrival.identity)));
    const refused = this.#refused.list(this.#now()).map((client): ArrivalLine => {
      const { address, reason, since, count } = client;
      return {
        identity: nameOf(client),
        collective: enrolment,
        state: 'refused',
        reason,
        since,
        count,
        address,
      };
    });
    return [...known, ...refused].sort((a, b) => naturalOrder(a.identity, b.identity));
  }

  /** A machine is to be provisioned. */
  offered(identity: string, collective: string): void {
    this.#arrivals.seen(identity, collective);
    this.#refused.settle(identity);
  }

  /** What presence says of a machine. */
  presence(identity: string, collective: string, isOnline: boolean): void {
    if (isOnline) this.#refused.settle(identity);
    const known = this.#arrivals.get(identity);
    if (!known) return;
    if (isOnline) this.#arrivals.seen(identity, collective);
    else if (known.collective === collective) this.#arrivals.left(identity);
  }

  /** A machine is online, and it is not known why it does not reply as it should. */
  silent(identity: string, collective: string, reason: string): void {
    const offset = this.#options.peers.clocks.wrongBy(identity);
    const rejection = this.#rejections.peek(identity);
    if (offset !== undefined) this.#note(identity, collective, 'clock-wrong', wordsOfWrongClock(offset));
    else if (rejection && this.#now() - rejection.at < rejectionLasts)
      this.#note(identity, collective, 'rejected', `its replies are rejected: ${rejection.reason}`);
    else this.#note(identity, collective, 'silent', reason);
  }

  /** A machine has to wait for another attempt. */
  waits(identity: string, collective: string, reason: string, state: ArrivalState = 'waiting'): void {
    const { clocks, enrolment, main } = this.#options.peers;
    const offset = clocks.wrongBy(identity);
    if (offset === undefined) {
      const rejection = this.#rejections.peek(identity);
      const isRejected = rejection && this.#now() - rejection.at < rejectionLasts;
      if (isRejected && state === 'waiting')
        this.#note(identity, collective, 'rejected', `its replies are rejected: ${rejection.reason}`);
      else this.#note(identity, collective, state, reason);
      return;
    }
    const isEnrolled = collective === enrolment && enrolment !== main && clocks.datedBy(identity) !== 0;
    if (isEnrolled) this.#note(identity, collective, state, `${reason} (${wordsOfClock(offset)})`);
    else this.#note(identity, collective, 'clock-wrong', wordsOfWrongClock(offset));
  }

  /** Nothing is done to a machine now, because of its own record, the policy or another provisioner. */
  leftAlone(identity: string, collective: string, state: ArrivalState | 'done', reason: string): void {
    if (state === 'done') this.#arrivals.forget(identity);
    else this.#note(identity, collective, state, reason);
  }

  /** It went offline in the middle of the work; returns how often, without progress. */
  interrupted(identity: string, collective: string): number {
    return this.#arrivals.interrupted(identity, collective);
  }

  /** How often it went offline without progress. */
  goingsOf(identity: string): number {
    return this.#arrivals.get(identity)?.goings ?? 0;
  }

  /** A quarantine that the node could not record. */
  holdOf(identity: string): Hold | undefined {
    return this.#arrivals.get(identity)?.hold;
  }

  /** Its quarantine is recorded on the node, or it was released. */
  unhold(identity: string): void {
    this.#arrivals.unhold(identity);
  }

  /** Failures of a step that the node may not have recorded, unless it was released since then (milliseconds since 1970). */
  failuresOf(identity: string, step: string, releasedAt: number): number {
    const failures = this.#arrivals.failuresOf(identity, step);
    return failures && failures.at > releasedAt ? failures.count : 0;
  }

  /** A step failed for the `count`th time. */
  failed(identity: string, step: string, count: number): void {
    this.#arrivals.failed(identity, step, count);
  }

  /** What a broker reports about clients that it refused. */
  refused(refused: readonly RefusedClient[]): void {
    this.#refused.note(refused, this.#now());
  }

  /** Has people told of machines that make no progress, the one that waits longest first. */
  look(): void {
    const now = this.#now();
    this.#arrivals.sweep();
    const inHand = new Map(this.#options.inHand().map((node) => [node.identity, node]));
    const due = this.#arrivals
      .list()
      .map((arrival) => ({ arrival, line: this.#lineOf(arrival, inHand.get(arrival.identity)) }))
      .filter(({ arrival, line }) => this.#isDue(arrival, line.state as ArrivalState, now))
      .sort((a, b) => a.arrival.stuckSince - b.arrival.stuckSince);
    for (const { arrival, line } of due) {
      this.#arrivals.told(arrival.identity, line.state as ArrivalState);
      this.#tell(line, [line.identity, line.state, dayOf(arrival.stuckSince)]);
    }
    for (const client of this.#refused.list(now)) {
      if (client.isTold || now - client.since < this.#options.tellAfterSeconds * 1000) continue;
      this.#refused.told(client);
      const { address, since, count, reason } = client;
      const identity = nameOf(client);
      const line = { identity, collective: '', state: 'refused', since, count, address } as const;
      const words = identity === address ? reason : `${reason} (from ${address})`;
      this.#tell({ ...line, reason: `the broker refuses its connection: ${words}` }, [
        identity,
        address,
        dayOf(client.first),
      ]);
    }
  }

  #tell(line: ArrivalLine, event: readonly string[]): void {
    const { identity, state, reason, count, since } = line;
    const { outbox, events } = this.#options;
    events.emit({ identity, type: 'stuck', state, reason, count, since: new Date(since).toISOString() });
    const advice = adviceFor(state);
    const id = eventId('stuck', ...event);
    outbox.post(
      waitingNotification({ identity, id, state, reason, ...(advice === undefined ? {} : { advice }) }),
    );
  }

  #isDue({ told, stuckSince, stateSince }: Arrival, state: ArrivalState, now: number): boolean {
    if (toldElsewhere.has(state) || told.includes(state)) return false;
    const patience = this.#options.tellAfterSeconds * 1000;
    if (busy.has(state)) return told.length === 0 && now - stuckSince >= Math.max(patience, tellOfWorkAfter);
    return now - (told.length === 0 ? stuckSince : stateSince) >= patience;
  }

  #lineOf(arrival: Arrival, job: NodeInHand | undefined): ArrivalLine {
    const { identity, collective, state, reason, stateSince: since, count } = arrival;
    const line = { identity, collective, state, reason, since, count };
    if (job?.state !== 'queued' || !busy.has(state)) return line;
    const words = `it waits for a free place with the master ${job.master ?? 'that was chosen'} (limit_per_master, workers)`;
    return { ...line, state: 'queued', reason: words };
  }

  #note(identity: string, collective: string, state: ArrivalState, reason: string): void {
    this.#arrivals.note(identity, collective, state, reason);
  }

  readonly #listen: EventListener = (event) => {
    const { identity } = event;
    const collective = this.#arrivals.get(identity)?.collective ?? this.#options.peers.enrolment;
    if (event.type === 'step-started')
      this.#note(identity, collective, 'working', `${event.step}, attempt ${event.attempt}`);
    else if (event.type === 'step-ended') {
      // The lock is taken again at each beginning.
      const isProgress = event.outcome === 'ok' || event.outcome === 'skipped';
      if (isProgress && event.step !== 'lock') this.#arrivals.progressed(identity, event.step);
    } else if (event.type === 'done') this.#arrivals.forget(identity);
    else if (event.type === 'quarantined') {
      if (!event.recorded) this.#arrivals.hold(identity, collective, event.reason);
      else {
        this.#arrivals.unhold(identity);
        this.#note(identity, collective, 'quarantined', event.reason);
      }
    }
  };

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function wordsOfWrongClock(offset: number): string {
  return `${wordsOfClock(offset)}, so it refuses requests: check NTP on it`;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
