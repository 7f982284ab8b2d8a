import type { Session } from '@troupe/client/application';
import { pause } from '@troupe/core/async';
import type { NodeRun } from '../node-run.js';
import { type RunAll, type RunAllStats, rerunAll, runAll } from '../run-all.js';
import type { RunInput } from '../run-input.js';
import { schedule } from '../schedule.js';
import { call, collect, isMeant, isNamed, sayThatNobodyMatches } from './call.js';
import { ExitCode, exitCodeOfRuns } from './exit.js';

/** Runs Puppet on all nodes of a session at once: in the background, or watched to the end. */
export async function runOnce(
  session: Session,
  input: RunInput & { readonly foreground?: boolean },
): Promise<number> {
  if (!input.noop && !(await isMeant(session, 'Run Puppet at the same time'))) return ExitCode.error;
  const output = (sender: string, text: string) => {
    session.json?.event('progress', { sender, data: text });
    if (!session.json) for (const line of text.split('\n')) session.print(`${sender} | ${line}`);
  };
  const replies = call(session, 'runonce', input, input.foreground ? output : undefined);
  const answers = await collect(session, replies, { tell: ({ data }) => String(data.summary ?? '') });
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

/** Runs Puppet on all nodes, so many at a time; with `rerun` again and again. */
export async function runEverywhere(session: Session, words: RunAllWords): Promise<number> {
  const { rerun, ...more } = words;
  const options = {
    ...more,
    collective: session.collective,
    filter: session.filter,
    signal: session.signal,
    onFleet: (members: readonly unknown[]) =>
      session.note(`${nodes(members.length)}, ${words.concurrency} at a time`),
    onStart: (identity: string) => session.note(`${identity}: begins`),
  };
  if (rerun === undefined)
    return (await round(session, runAll(session.client, options))) ?? ExitCode.interrupted;
  session.json?.stream();
  const endRound = (stats: RunAllStats) => session.json?.event('round', statisticsOf(stats));
  let worst: number = ExitCode.ok;
  for await (const runs of rerunAll(session.client, { ...options, every: rerun })) {
    // A round that fails as a whole is said and not the end.
    const code = await round(session, runs, endRound).catch((error: Error) => {
      sayTrouble(session, error.message);
      return ExitCode.error;
    });
    worst = Math.max(worst, code ?? ExitCode.ok);
  }
  return worst;
}

// Nothing where it was interrupted.
async function round(
  session: Session,
  runs: RunAll,
  end = (stats: RunAllStats) => session.json?.summarize(statisticsOf(stats)),
): Promise<number | undefined> {
  try {
    for await (const run of runs) tellRun(session, run);
    const stats = await runs.stats();
    if (stats.nodes === 0) sayThatNobodyMatches(session);
    tellStats(session, stats);
    end(stats);
    return exitCodeOfRuns(stats, isNamed(session));
  } catch (error) {
    if (session.signal.aborted) return undefined;
    throw error;
  }
}

function tellRun(session: Session, run: NodeRun): void {
  if (session.json) session.json.result(runOf(run));
  else session.print(`${run.sender}: ${run.outcome}: ${run.reason} (${run.seconds.toFixed(1)} s)`);
}

function runOf({ sender, kind, ok, outcome, reason, runId, began, seconds, mayRetry }: NodeRun): object {
  return {
    ...{ sender, status: kind, ok, outcome, reason, run_id: runId, began, seconds },
    may_retry: mayRetry,
  };
}

// Whoever reads lines of JSON needs no other words.
function happened(session: Session, kind: string, value: object, text: string): void {
  if (session.json) session.json.event(kind, value);
  else session.note(text);
}

function sayTrouble(session: Session, reason: string): void {
  happened(session, 'trouble', { reason }, reason);
}

// Counts, and names by state, as the statistics of a call have them.
function statisticsOf({ nodes: all, most, seconds, ...byState }: RunAllStats) {
  const { ok, failed, skipped, notBegun, silent, offline, unheard } = byState;
  const states = { ok, failed, skipped, 'not-begun': notBegun, silent, offline, unheard };
  return {
    nodes: all,
    ok: ok.length,
    failed: failed.length,
    by_state: Object.fromEntries(Object.entries(states).filter(([, names]) => names.length > 0)),
    most,
    seconds,
  };
}

function tellStats(session: Session, stats: RunAllStats): void {
  const { nodes: all, ok, failed, skipped, notBegun, silent, unheard, most, seconds } = stats;
  const named = (what: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : [`${names.length} ${what} (${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''})`];
  const parts = [
    `${ok.length} of ${all} ran well`,
    ...named('failed', failed),
    ...named('skipped', skipped),
    ...named('did not begin', notBegun),
    ...named('silent', silent),
    ...named('online and unheard', unheard),
  ];
  session.note(`${parts.join('; ')}; at most ${most} at a time, ${seconds.toFixed(1)} s`);
}

export interface ScheduleWords {
  /** Seconds. */
  readonly interval: number;
  readonly concurrency?: number;
  readonly perServer?: number;
  readonly input: RunInput;
  /** Seconds after which it ends by itself. */
  readonly duration?: number;
}

/** Spreads runs over time until it is told to stop; exits with what became of the runs. */
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
      tellRun(session, event.run);
    } else if (event.type === 'fleet') {
      const { nodes: count, secondsApart } = event;
      const text = `${nodes(count)}: one run every ${secondsApart.toFixed(1)} s`;
      happened(session, 'fleet', { nodes: count, seconds_apart: secondsApart }, text);
    } else if (event.type === 'trouble') sayTrouble(session, event.reason);
    else happened(session, event.type, { sender: event.identity }, `${event.identity}: ${event.type}`);
  }
  json?.summarize({ runs, failed });
  return failed > 0 ? ExitCode.failed : ExitCode.ok;
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
