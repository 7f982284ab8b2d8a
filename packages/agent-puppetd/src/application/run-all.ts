import type { Client, Result } from '@troupe/client';
import { pause, Slots } from '@troupe/core/async';
import { naturalOrder } from '@troupe/core/internal';
import { Fleet, type Member } from './fleet.js';
import type { Limits } from './limits.js';
import { type NodeRun, offline, runNode } from './node-run.js';
import type { RunInput } from './run-input.js';
import type { Selection } from './selection.js';
import { Stream } from './stream.js';

/** How a whole fleet is run. */
export interface RunAllOptions extends Selection, Limits {
  /** What each run is asked to do. Default: to begin at once, without a random wait. */
  readonly input?: RunInput;
  /** How often a node that could not begin is asked again; 2 otherwise. */
  readonly retries?: number;
  /** Seconds until then; 30 otherwise. */
  readonly retryAfter?: number;
  /** Seconds that a node may be away in the middle of its run, until it is given up; 30 otherwise. */
  readonly grace?: number;
  /** Called once, when the number of nodes is known. */
  readonly onFleet?: (members: readonly Member[]) => void;
  readonly onStart?: (identity: string) => void;
}

/** Statistics of all runs. */
export interface RunAllStats {
  readonly nodes: number;
  /** Names by what became of them. */
  readonly ok: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly notBegun: readonly string[];
  readonly silent: readonly string[];
  /** Nodes that were online but did not answer discovery: whether they match is unknown. */
  readonly unheard: readonly string[];
  /** The same, of nodes that are offline. */
  readonly offline: readonly string[];
  /** Nodes that replied earlier and are out of reach; absent if that is not known. */
  readonly unreachable?: readonly string[];
  /** The most runs that were waited for at the same time. */
  readonly most: number;
  readonly seconds: number;
}

/** Runs over a fleet: an async iterable of the result of each node, in the order in which they end. */
export interface RunAll extends AsyncIterable<NodeRun> {
  /** Resolves when all nodes have ended; rejects if discovery fails, and at the signal. */
  stats(): Promise<RunAllStats>;
}

/**
 * Runs Puppet on all nodes that match, `concurrency` at a time: when a node reports the end of its run, the next one
 * starts. Nodes are not polled, and a node that is gone delays no other.
 */
export function runAll(client: Client, options: RunAllOptions): RunAll {
  const stream = new Stream<NodeRun>();
  const runs: NodeRun[] = [];
  const start = Date.now();
  const stats = new Round(client, options, (run) => {
    runs.push(run);
    stream.push(run);
  })
    .run()
    .then((found) => statsOf(runs, found, (Date.now() - start) / 1000));
  stats.then(
    () => stream.end(),
    (error: unknown) => stream.end(error),
  );
  return { stats: () => stats, [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() };
}

/** Runs a fleet in rounds of at least `every` seconds until the signal; yields the runs of each round. */
export async function* rerunAll(
  client: Client,
  options: RunAllOptions & { readonly every: number },
): AsyncGenerator<RunAll> {
  for (;;) {
    const start = Date.now();
    const round = runAll(client, options);
    yield round;
    // Whoever iterates has seen the error of a round; the next one may succeed.
    await round.stats().catch(() => undefined);
    const left = options.every * 1000 - (Date.now() - start);
    await pause(left, options.signal);
    if (options.signal?.aborted) return;
  }
}

type Found = Pick<RunAllStats, 'most' | 'unheard' | 'offline' | 'unreachable'>;

/** One round over a fleet. */
class Round {
  readonly #client: Client;
  readonly #options: RunAllOptions;
  readonly #report: (run: NodeRun) => void;
  readonly #slots: Slots;

  constructor(client: Client, options: RunAllOptions, report: (run: NodeRun) => void) {
    this.#client = client;
    this.#options = options;
    this.#report = report;
    this.#slots = new Slots({ concurrency: options.concurrency, perKey: options.perServer });
  }

  async run(): Promise<Found> {
    const { signal, onFleet } = this.#options;
    const fleet = await Fleet.open(this.#client, this.#options, (result) => this.#report(unable(result)));
    try {
      const work: Promise<void>[] = [];
      const seen = new Set<string>();
      const add = (member: Member) => {
        if (seen.has(member.identity)) return;
        seen.add(member.identity);
        work.push(this.#serve(fleet, member));
      };
      onFleet?.(fleet.members());
      // Nodes that are applying a catalog come last: they have probably finished by then.
      const inOrder = [...fleet.members()].sort(
        (a, b) => Number(a.isApplying) - Number(b.isApplying) || naturalOrder(a.identity, b.identity),
      );
      for (const member of inOrder) add(member);
      // Nodes that come online meanwhile are included, if they are selected.
      fleet.listen({ arrived: add });
      for (let done = 0; done < work.length; ) {
        const pending = work.slice(done);
        done = work.length;
        await Promise.all(pending);
      }
      signal?.throwIfAborted();
      const { unheard, offline, unreachable } = fleet;
      return { most: this.#slots.most, unheard, offline, ...(unreachable && { unreachable }) };
    } finally {
      fleet.close();
    }
  }

  async #serve(fleet: Fleet, member: Member): Promise<void> {
    const { retries = 2, retryAfter = 30, signal } = this.#options;
    if (!member.isEnabled) {
      const reason = `Puppet is disabled: '${member.disableMessage}'`;
      this.#report({
        ...offline(member.identity, reason),
        kind: 'skipped',
        ok: true,
        outcome: 'disabled',
        seconds: 0,
      });
      return;
    }
    for (let attempt = 0; ; attempt += 1) {
      const run = await this.#attempt(fleet, member);
      if (!run.mayRetry || attempt >= retries) {
        this.#report(run);
        return;
      }
      await pause(retryAfter * 1000, signal);
      signal?.throwIfAborted();
    }
  }

  async #attempt(fleet: Fleet, { identity, server }: Member): Promise<NodeRun> {
    const { input = { force: true }, filter, collective, signal, grace, onStart } = this.#options;
    const free = await this.#slots.take(server || undefined, signal);
    try {
      // Gone since it was found: asking would only take time.
      if (fleet.isOnline(identity) === false)
        return { ...offline(identity, 'the node went offline before its run started'), seconds: 0 };
      onStart?.(identity);
      return await runNode(this.#client, identity, input, {
        ...{ filter, collective, signal, grace },
        onAway: free,
      });
    } finally {
      free();
    }
  }
}

function unable({ sender, state, statusmsg, seconds }: Result): NodeRun {
  const isSilent = state === 'offline' || state === 'no-reply';
  const run = offline(sender, statusmsg);
  return { ...run, kind: isSilent ? 'silent' : 'not-begun', outcome: state, seconds };
}

function statsOf(runs: readonly NodeRun[], found: Found, seconds: number): RunAllStats {
  const names = (test: (run: NodeRun) => boolean) => runs.filter(test).map(({ sender }) => sender);
  return {
    nodes: runs.length,
    ok: names(({ kind, ok }) => kind === 'ran' && ok),
    failed: names(({ kind, ok }) => kind === 'ran' && !ok),
    skipped: names(({ kind }) => kind === 'skipped'),
    notBegun: names(({ kind }) => kind === 'not-begun'),
    silent: names(({ kind }) => kind === 'silent'),
    ...found,
    seconds,
  };
}
