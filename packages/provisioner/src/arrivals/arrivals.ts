import { oneLine } from '@troupe/core/internal';
import type { PendingEntries, PendingJournal } from '../journal/pending-journal.js';
import { type Arrival, type ArrivalState, type Hold, readArrival } from './arrival.js';

const mostArrivals = 20_000;
const mostBytes = 32 * 1024 * 1024;
const reasonLength = 1000;
/** Milliseconds after which a machine of which nothing was seen any more is forgotten. */
const forgottenAfter = 30 * 86_400_000;
/** How often a machine may go offline without progress before it counts as one that comes and goes. */
const unstableFrom = 3;
/** Milliseconds between two notes on disk that differ in their count only. */
const countedEvery = 60_000;
const troubles: ReadonlySet<ArrivalState> = new Set([
  'waiting',
  'silent',
  'clock-wrong',
  'rejected',
  'name-taken',
]);

/**
 * The machines that arrived and are not done, with what keeps each of them: in memory and in the journal of this
 * provisioner, because not every node can hold it.
 */
export class Arrivals {
  // bound: machines that arrived and are not done | nodes; with an enrolment token, under any name | {mostArrivals} |
  // {bytes mostBytes} in all, in memory and in the journal | the one of which nothing was noted for the longest time
  // is removed
  readonly #entries: PendingEntries<Arrival>;
  /** How often the same was noted since it was kept. */
  // no peer fills this: it holds arrivals, which are bounded above
  readonly #repeats = new Map<string, number>();
  readonly #now: () => number;

  constructor(journal: Pick<PendingJournal, 'entries'>, now: () => number = Date.now) {
    this.#now = now;
    this.#entries = journal.entries<Arrival>('arrivals', {
      most: mostArrivals,
      mostBytes,
      read: readArrival,
    });
  }

  get(identity: string): Arrival | undefined {
    const known = this.#entries.get(identity);
    return known && { ...known, count: known.count + (this.#repeats.get(identity) ?? 0) };
  }

  list(): readonly Arrival[] {
    return [...this.#entries.entries()].flatMap(([identity]) => this.get(identity) ?? []);
  }

  /** A machine is online; returns whether it was unknown. */
  seen(identity: string, collective: string): boolean {
    const known = this.get(identity);
    if (known) {
      if (known.state === 'offline' || known.collective !== collective)
        this.#change(known, { collective, ...this.#stateOf(known, 'new', 'it is online again') });
      return false;
    }
    this.#set(this.#begin(identity, collective));
    return true;
  }

  /** A machine went offline. One that keeps doing so without progress is `unstable`. */
  left(identity: string): void {
    const known = this.get(identity);
    if (!known || known.state === 'offline') return;
    const goings = known.goings + 1;
    if (goings < unstableFrom || known.hold) {
      const reason = `it went offline${lastOf(known)}`;
      this.#change(known, { goings, ...(known.hold ? {} : this.#stateOf(known, 'offline', reason)) });
      return;
    }
    const since = new Date(known.stuckSince).toISOString();
    const reason = `it comes and goes: it went offline ${goings} times since ${since}${lastOf(known)}`;
    this.#change(known, { goings, ...this.#stateOf(known, 'unstable', reason) });
  }

  /** What a machine is doing, or what keeps it. */
  note(identity: string, collective: string, state: ArrivalState, reason: string): void {
    const known = this.get(identity) ?? this.#begin(identity, collective);
    // One that comes and goes is online for a moment between; a quarantine ends with its release.
    const isHidden =
      known.state === 'unstable' && (state === 'silent' || state === 'new' || state === 'waiting');
    const trouble = troubles.has(state) ? { trouble: oneLine(reason, reasonLength) } : {};
    if (isHidden || (known.hold && state !== 'quarantined')) this.#change(known, { collective, ...trouble });
    else this.#change(known, { collective, ...trouble, ...this.#stateOf(known, state, reason) });
  }

  /** A step succeeded. */
  progressed(identity: string, step: string): void {
    const known = this.get(identity);
    if (!known) return;
    const { failures, trouble: _, ...rest } = known;
    const now = this.#now();
    const reason = `${step} succeeded`;
    const next = this.#stateOf({ ...rest, state: 'new' }, 'working', reason);
    const kept = failures !== undefined && failures.step !== step ? { failures } : {};
    this.#set({ ...rest, ...next, ...kept, stuckSince: now, goings: 0, interruptions: 0, told: [] });
  }

  /** It went offline in the middle of the work; returns how often, without progress. */
  interrupted(identity: string, collective: string): number {
    const known = this.get(identity) ?? this.#begin(identity, collective);
    const interruptions = known.interruptions + 1;
    this.#change(known, { interruptions });
    return interruptions;
  }

  /** A step failed for the `count`th time. */
  failed(identity: string, step: string, count: number): void {
    const known = this.get(identity);
    if (known) this.#change(known, { failures: { step, count, at: this.#now() } });
  }

  /** How often a step has failed as far as this provisioner knows, and when it failed last. */
  failuresOf(identity: string, step: string): { readonly count: number; readonly at: number } | undefined {
    const failures = this.get(identity)?.failures;
    return failures?.step === step ? failures : undefined;
  }

  /** A machine is in quarantine, and could not record it. */
  hold(identity: string, collective: string, reason: string): void {
    const known = this.get(identity) ?? this.#begin(identity, collective);
    const hold: Hold = { reason: oneLine(reason, reasonLength), since: this.#now() };
    this.#change(known, { hold: known.hold ?? hold, ...this.#stateOf(known, 'quarantined', reason) });
  }

  /** Its quarantine is over, or recorded on the node. */
  unhold(identity: string): void {
    const known = this.get(identity);
    if (!known?.hold) return;
    const { hold: _, failures: __, ...rest } = known;
    this.#set({ ...rest, goings: 0, interruptions: 0, told: [] });
  }

  /** People were told of its state. */
  told(identity: string, state: ArrivalState): void {
    const known = this.get(identity);
    if (known && !known.told.includes(state)) this.#change(known, { told: [...known.told, state] });
  }

  /** It is done, or gone for good. */
  forget(identity: string): void {
    this.#entries.delete(identity);
    this.#repeats.delete(identity);
  }

  /** Forgets machines that were not seen for a month. */
  sweep(): void {
    const now = this.#now();
    for (const { identity, noted } of this.list()) if (now - noted > forgottenAfter) this.forget(identity);
  }

  #begin(identity: string, collective: string): Arrival {
    const now = this.#now();
    return {
      identity,
      collective,
      state: 'new',
      reason: 'it came online',
      since: now,
      stateSince: now,
      noted: now,
      count: 1,
      stuckSince: now,
      goings: 0,
      interruptions: 0,
      told: [],
    };
  }

  // What repeats is one state with a count.
  #stateOf(known: Arrival, state: ArrivalState, text: string) {
    const now = this.#now();
    const reason = oneLine(text, reasonLength);
    const isSame = known.state === state;
    return {
      state,
      reason,
      noted: now,
      stateSince: isSame ? known.stateSince : now,
      count: isSame && known.reason === reason ? known.count + 1 : 1,
    };
  }

  // A count alone is not worth a write each time.
  #change(known: Arrival, change: Partial<Arrival>): void {
    const next = { ...known, ...change };
    const kept = this.#entries.get(known.identity);
    const isCounted = kept !== undefined && next.noted - kept.noted < countedEvery && isSame(kept, next);
    if (isCounted) this.#repeats.set(known.identity, next.count - kept.count);
    else this.#set(next);
  }

  #set(arrival: Arrival): void {
    this.#repeats.delete(arrival.identity);
    this.#entries.set(arrival.identity, arrival);
  }
}

function isSame(one: Arrival, other: Arrival): boolean {
  const same = { count: 0, noted: 0 };
  return JSON.stringify({ ...one, ...same }) === JSON.stringify({ ...other, ...same });
}

function lastOf({ trouble }: Arrival): string {
  return trouble === undefined ? '' : `; last error: ${trouble}`;
}
