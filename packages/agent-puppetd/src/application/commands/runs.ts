import type { Session } from '@troupe/client/application';
import type { NodeRun, RunInput } from '../node-run.js';
import { pause } from '../pause.js';
import { type RunAll, type RunAllStats, rerunAll, runAll } from '../run-all.js';
import { schedule } from '../schedule.js';
import { call, collect, isMeant, isNamed, show } from './call.js';
import { ExitCode, exitCodeOfRuns } from './exit.js';

/** Runs Puppet on all nodes of a session at once: in the background, or watched to the end. */
export async function runOnce(
  session: Session,
  input: RunInput & { readonly foreground?: boolean },
): Promise<number> {
  if (!input.noop && !(await isMeant(session, 'Run Puppet at the same time'))) return ExitCode.error;
  const output = (sender: string, text: string) => {
    if (!session.isJson) for (const line of text.split('\n')) session.print(`${sender} | ${line}`);
  };
  const replies = call(session, 'runonce', input, input.foreground ? output : undefined);
  const answers = await collect(session, replies, ({ data }) => String(data.summary ?? ''));
  show(
    session,
    answers.all.map(({ sender, state, statusmsg, data }) => ({ sender, state, statusmsg, ...data })),
    [],
  );
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
  let worst: number = ExitCode.ok;
  for await (const runs of rerunAll(session.client, { ...options, every: rerun })) {
    // A round that fails as a whole is said and not the end.
    const code = await round(session, runs).catch((error: Error) => {
      session.note(error.message);
      return ExitCode.error;
    });
    worst = Math.max(worst, code ?? ExitCode.ok);
  }
  return worst;
}

// Nothing where it was interrupted.
async function round(session: Session, runs: RunAll): Promise<number | undefined> {
  try {
    for await (const run of runs) tellRun(session, run);
    const stats = await runs.stats();
    tellStats(session, stats);
    return exitCodeOfRuns(stats, isNamed(session));
  } catch (error) {
    if (session.signal.aborted) return undefined;
    throw error;
  }
}

function tellRun(session: Session, run: NodeRun): void {
  if (session.isJson) session.print(JSON.stringify(run));
  else session.print(`${run.sender}: ${run.outcome}: ${run.reason} (${run.seconds.toFixed(1)} s)`);
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
  let hasFailed = false;
  for await (const event of schedule(client, { ...more, collective, filter, signal })) {
    if (event.type === 'run') {
      hasFailed ||= !event.run.ok;
      tellRun(session, event.run);
    } else if (session.isJson) session.print(JSON.stringify(event));
    else if (event.type === 'fleet')
      session.note(`${nodes(event.nodes)}: one run every ${event.secondsApart.toFixed(1)} s`);
    else if (event.type === 'trouble') session.note(event.reason);
    else session.note(`${event.identity}: ${event.type}`);
  }
  return hasFailed ? ExitCode.failed : ExitCode.ok;
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
