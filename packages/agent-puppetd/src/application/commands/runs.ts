import type { Session } from '@troupe/client/application';
import { pause } from '@troupe/core/async';
import { naturalOrder } from '@troupe/core/internal';
import type { NodeRun } from '../node-run.js';
import { type RunAll, type RunAllStats, rerunAll, runAll } from '../run-all.js';
import type { RunInput } from '../run-input.js';
import { schedule } from '../schedule.js';
import { call, collect, failWithoutNodes, isConfirmed, isNamed, noteUnreachable } from './call.js';
import { ExitCode, exitCodeOfRuns } from './exit.js';

/** Runs Puppet on all nodes of a session at once: in the background, or watched to the end. */
export async function runOnce(
  session: Session,
  input: RunInput & { readonly foreground?: boolean },
): Promise<number> {
  if (!input.noop && !(await isConfirmed(session, 'Run Puppet simultaneously'))) return ExitCode.error;
  const output = (sender: string, text: string) => {
    session.json?.event('progress', { sender, data: text });
    if (!session.json) for (const line of text.split('\n')) session.print(`${sender} | ${line}`);
  };
  const replies = call(session, 'runonce', input, input.foreground ? output : undefined);
  const answers = await collect(session, replies, { lineOf: ({ data }) => String(data.summary ?? '') });
  return answers.exitCode;
}

export interface RunAllWords {
  readonly concurrency: number;
  readonly perServer?: number;
  readonly retries?: number;
  /** Seconds. */
  readonly rerun?: number;
  readonly input: RunInput;
}

/** Runs Puppet on all nodes, `concurrency` at a time; with `rerun` in rounds until stopped. */
export async function runEverywhere(session: Session, words: RunAllWords): Promise<number> {
  const { rerun, ...more } = words;
  const progress = new Progress();
  const options = {
    ...more,
    collective: session.collective,
    filter: session.filter,
    signal: session.signal,
    onFleet: (members: readonly unknown[]) => {
      progress.begin(members.length);
      session.note(`${nodes(members.length)}, at most ${words.concurrency} at a time`);
    },
    onStart: (identity: string) => {
      progress.running.add(identity);
      session.note(`${identity}: started`);
    },
  };
  if (rerun === undefined)
    return (await round(session, runAll(session.client, options), progress)) ?? ExitCode.interrupted;
  session.json?.stream();
  const endRound = (stats: RunAllStats) => session.json?.event('round', statisticsOf(stats));
  let worst: number = ExitCode.ok;
  for await (const runs of rerunAll(session.client, { ...options, every: rerun })) {
    // A round that fails as a whole is reported; the next one follows.
    const code = await round(session, runs, progress, endRound).catch((error: Error) => {
      reportTrouble(session, error.message);
      return ExitCode.error;
    });
    worst = Math.max(worst, code ?? ExitCode.ok);
  }
  return worst;
}

// Undefined if it was interrupted.
async function round(
  session: Session,
  runs: RunAll,
  progress: Progress,
  end = (stats: RunAllStats) => session.json?.summarize(statisticsOf(stats)),
): Promise<number | undefined> {
  try {
    for await (const run of runs) {
      progress.end(run);
      printRun(session, run);
    }
    const stats = await runs.stats();
    if (stats.nodes === 0) failWithoutNodes(session);
    noteUnreachable(session, stats.unreachable);
    printStats(session, stats);
    end(stats);
    return exitCodeOfRuns(stats, isNamed(session));
  } catch (error) {
    if (!session.signal.aborted) throw error;
    session.note(progress.words());
    return undefined;
  }
}

/** How far a round is, for when it is interrupted. */
class Progress {
  readonly running = new Set<string>();
  #nodes = 0;
  #ended = 0;
  #ok = 0;

  begin(count: number): void {
    this.#nodes = count;
    this.#ended = 0;
    this.#ok = 0;
    this.running.clear();
  }

  end({ sender, ok }: NodeRun): void {
    this.running.delete(sender);
    this.#ended += 1;
    if (ok) this.#ok += 1;
  }

  words(): string {
    const names = [...this.running].sort(naturalOrder);
    const more = names.length > 10 ? ', …' : '';
    const rest = Math.max(0, this.#nodes - this.#ended - names.length);
    const parts = [
      `${this.#ended} of ${nodes(this.#nodes)} ended, ${this.#ok} of them well`,
      ...(names.length > 0
        ? [`${names.length} still running (${names.slice(0, 10).join(', ')}${more})`]
        : []),
      `${rest} not started`,
    ];
    return parts.join('; ');
  }
}

function printRun(session: Session, run: NodeRun): void {
  if (session.json) session.json.result(runOf(run));
  else session.print(`${run.sender}: ${run.outcome}: ${run.reason} (${run.seconds.toFixed(1)} s)`);
}

function runOf({ sender, kind, ok, outcome, reason, runId, began, seconds, mayRetry }: NodeRun): object {
  return {
    ...{ sender, status: kind, ok, outcome, reason, run_id: runId, began, seconds },
    may_retry: mayRetry,
  };
}

// A program that reads JSON lines gets the event, people get the text.
function report(session: Session, kind: string, value: object, text: string): void {
  if (session.json) session.json.event(kind, value);
  else session.note(text);
}

function reportTrouble(session: Session, reason: string): void {
  report(session, 'trouble', { reason }, reason);
}

// Counts, and names by state, as the statistics of a call have them.
function statisticsOf({ nodes: all, most, seconds, ...byState }: RunAllStats) {
  const { ok, failed, skipped, notBegun, silent, offline, unheard, unreachable = [] } = byState;
  const states = { ok, failed, skipped, 'not-begun': notBegun, silent, offline, unheard, unreachable };
  return {
    nodes: all,
    ok: ok.length,
    failed: failed.length,
    by_state: Object.fromEntries(Object.entries(states).filter(([, names]) => names.length > 0)),
    most,
    seconds,
  };
}

function printStats(session: Session, stats: RunAllStats): void {
  const { nodes: all, ok, failed, skipped, notBegun, silent, unheard, most, seconds } = stats;
  const named = (what: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : [`${names.length} ${what} (${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''})`];
  const parts = [
    `${ok.length} of ${all} succeeded`,
    ...named('failed', failed),
    ...named('skipped', skipped),
    ...named('could not start', notBegun),
    ...named('offline or no reply', silent),
    ...named('online but no answer to discovery', unheard),
  ];
  session.note(`${parts.join('; ')}; at most ${most} at a time, ${seconds.toFixed(1)} s`);
}

const happened = {
  arrived: 'came online',
  departed: 'went offline or no longer matches',
  started: 'started',
} as const;

export interface ScheduleWords {
  /** Seconds. */
  readonly interval: number;
  readonly concurrency?: number;
  readonly perServer?: number;
  readonly input: RunInput;
  /** Seconds after which it ends by itself. */
  readonly duration?: number;
}

/** Spreads runs over time until stopped; the exit code depends on the results of the runs. */
export async function runSchedule(session: Session, words: ScheduleWords): Promise<number> {
  const { duration, ...more } = words;
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  if (duration !== undefined) void pause(duration * 1000, signal).then(() => stop.abort());
  const { client, collective, filter } = session;
  const { json } = session;
  json?.stream();
  let [runs, failed] = [0, 0];
  for await (const event of schedule(client, { ...more, collective, filter, signal })) {
    if (event.type === 'run') {
      runs += 1;
      if (!event.run.ok) failed += 1;
      printRun(session, event.run);
    } else if (event.type === 'fleet') {
      const { nodes: count, secondsApart } = event;
      const text = `${nodes(count)}: one run every ${secondsApart.toFixed(1)} s`;
      report(session, 'fleet', { nodes: count, seconds_apart: secondsApart }, text);
    } else if (event.type === 'trouble') reportTrouble(session, event.reason);
    else
      report(session, event.type, { sender: event.identity }, `${event.identity}: ${happened[event.type]}`);
  }
  json?.summarize({ runs, failed });
  if (!json) session.note(`${runs} run${runs === 1 ? '' : 's'} ended, ${failed} failed`);
  return failed > 0 ? ExitCode.failed : ExitCode.ok;
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
