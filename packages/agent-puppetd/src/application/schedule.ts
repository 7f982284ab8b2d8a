import type { Client } from '@troupe/client';
import { messageOf } from '@troupe/core';
import { pause, Slots } from '@troupe/core/async';
import { Fleet, type Member } from './fleet.js';
import type { Limits } from './limits.js';
import { type NodeRun, runNode, unmatched } from './node-run.js';
import type { RunInput } from './run-input.js';
import type { Selection } from './selection.js';
import { Stream } from './stream.js';

/** How runs are spread over time. */
export interface ScheduleOptions extends Selection, Partial<Limits> {
  /** Seconds in which each node runs once. */
  readonly interval: number;
  /** What each run is asked to do. Default: to begin at once, without a random wait. */
  readonly input?: RunInput;
  readonly grace?: number;
}

/** Events of a schedule. */
export type ScheduleEvent =
  | { readonly type: 'fleet'; readonly nodes: number; readonly secondsApart: number }
  | { readonly type: 'arrived' | 'departed'; readonly identity: string }
  | { readonly type: 'started'; readonly identity: string }
  | { readonly type: 'run'; readonly run: NodeRun }
  | { readonly type: 'trouble'; readonly reason: string };

/**
 * The part of an interval that must have passed since the last run began. A node judges that for itself, so that two
 * schedules, or one and an impatient person, do not run a node twice; it is also why a schedule has no state to lose.
 */
const leastAge = 0.9;

/** Longest wait for the next look at who is due; a change of the fleet ends it at once. */
const mostIdle = 3_600_000;

/**
 * Runs every node of a fleet once in each interval, evenly: every `interval / nodes` seconds the node is run whose last
 * run started first. Nodes that come and go change that pace at once. Only the nodes record when they ran, so a schedule
 * continues after a restart where it was, without a burst. Ends at the signal.
 */
export function schedule(client: Client, options: ScheduleOptions): AsyncIterable<ScheduleEvent> {
  const stream = new Stream<ScheduleEvent>();
  new Scheduler(client, options, (event) => stream.push(event)).run().then(
    () => stream.end(),
    (error: unknown) => stream.end(error),
  );
  return stream;
}

/** The state of a schedule in one process; all that matters beyond it is on the nodes. */
class Scheduler {
  readonly #client: Client;
  readonly #options: ScheduleOptions;
  readonly #emit: (event: ScheduleEvent) => void;
  readonly #slots: Slots;
  readonly #running = new Set<string>();
  #wake = new AbortController();
  #pace = '';

  constructor(client: Client, options: ScheduleOptions, emit: (event: ScheduleEvent) => void) {
    this.#client = client;
    this.#options = options;
    this.#emit = emit;
    const { concurrency = Number.POSITIVE_INFINITY, perServer } = options;
    this.#slots = new Slots({ concurrency, perKey: perServer });
  }

  async run(): Promise<void> {
    const fleet = await Fleet.open(this.#client, this.#options);
    fleet.listen({
      arrived: ({ identity }) => this.#changed({ type: 'arrived', identity }),
      departed: (identity) => this.#changed({ type: 'departed', identity }),
    });
    try {
      await Promise.all([this.#pump(fleet), this.#reconcile(fleet)]);
    } finally {
      fleet.close();
    }
  }

  // The heart: one start after the other, never two to catch up.
  async #pump(fleet: Fleet): Promise<void> {
    const { signal } = this.#options;
    // Schedules that were started together should not be in step.
    let last = Date.now() - Math.random() * this.#apart(fleet);
    while (!signal?.aborted) {
      const apart = this.#apart(fleet);
      const next = this.#next(fleet);
      const due = next === undefined ? mostIdle : Math.max(last + apart, this.#dueAt(next)) - Date.now();
      if (due > 0 || next === undefined) {
        await this.#idle(due);
        continue;
      }
      const free = await this.#slots.take(next.server || undefined, signal).catch(() => undefined);
      if (!free) return;
      // It waited for a place: it may have gone, or have run, meanwhile.
      if (this.#next(fleet)?.identity !== next.identity) {
        free();
        continue;
      }
      last = Date.now();
      this.#start(fleet, next, free);
    }
  }

  #start(fleet: Fleet, { identity }: Member, free: () => void): void {
    const { input = { force: true }, filter, collective, signal, grace, interval } = this.#options;
    this.#emit({ type: 'started', identity });
    const order = { ...input, min_age: Math.floor(interval * leastAge) };
    this.#running.add(identity);
    void runNode(this.#client, identity, order, { filter, collective, signal, grace, onAway: free })
      .then((ended) => {
        const now = Math.floor(Date.now() / 1000);
        // A node that could not start a run comes again when all others have had their turn.
        fleet.update(identity, { began: ended.began || now, isEnabled: ended.outcome !== 'disabled' });
        this.#emit({ type: 'run', run: ended });
        if (ended.outcome === unmatched) fleet.drop(identity);
      })
      .catch((error: unknown) => {
        if (!signal?.aborted) this.#emit({ type: 'trouble', reason: `${identity}: ${messageOf(error)}` });
      })
      .finally(() => {
        free();
        this.#running.delete(identity);
        this.#rouse();
      });
  }

  // What presence missed, and who was enabled meanwhile: once in an interval.
  async #reconcile(fleet: Fleet): Promise<void> {
    const { interval, signal } = this.#options;
    for (;;) {
      await pause(interval * 1000, signal);
      if (signal?.aborted) return;
      await fleet.refresh().catch((error: unknown) => {
        this.#emit({ type: 'trouble', reason: `discovery failed: ${messageOf(error)}` });
      });
      this.#rouse();
    }
  }

  // Those that may run; a node at work already is among them for the pace, but has no turn.
  #eligible(fleet: Fleet): readonly Member[] {
    return fleet.members().filter(({ isEnabled }) => isEnabled);
  }

  #next(fleet: Fleet): Member | undefined {
    return this.#eligible(fleet)
      .filter(({ identity }) => !this.#running.has(identity))
      .reduce<Member | undefined>((first, one) => (first && isBefore(first, one) ? first : one), undefined);
  }

  #apart(fleet: Fleet): number {
    const nodes = this.#eligible(fleet).length;
    const secondsApart = this.#options.interval / Math.max(1, nodes);
    if (this.#pace !== `${nodes}`) {
      this.#pace = `${nodes}`;
      this.#emit({ type: 'fleet', nodes, secondsApart });
    }
    return secondsApart * 1000;
  }

  #dueAt({ began }: Member): number {
    return (began + Math.ceil(this.#options.interval * leastAge)) * 1000;
  }

  #changed(event: ScheduleEvent): void {
    this.#emit(event);
    this.#rouse();
  }

  #rouse(): void {
    this.#wake.abort();
  }

  async #idle(milliseconds: number): Promise<void> {
    const { signal } = this.#options;
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    const wake = this.#wake.signal;
    await pause(Math.min(milliseconds, mostIdle), signal ? AbortSignal.any([signal, wake]) : wake);
  }
}

function isBefore(a: Member, b: Member): boolean {
  return a.began < b.began || (a.began === b.began && a.identity < b.identity);
}
