import { type Result, type State, states } from '@troupe/client';
import { rowLines } from '@troupe/core/internal';
import type { Screen } from '../terminal/screen.js';
import { footer } from './footer.js';
import { statisticsOf } from './json-replies.js';
import { plainLine } from './plain.js';
import type { Presenter, Report } from './presenter.js';
import { span, statusWord } from './wording.js';

/** A request, with its state on the nodes that keep it. */
interface JobEntry {
  readonly requestid: string;
  readonly agent: string;
  readonly action: string;
  readonly collective: string;
  /** Seconds since the first node began it, by the nodes' own clocks. */
  readonly age: number;
  /** The state is null while the action is running. */
  readonly nodes: readonly { readonly sender: string; readonly state: State | null }[];
}

/** The requests that nodes keep for a caller, the newest first. */
export class JobListPresenter implements Presenter {
  readonly #screen: Screen;
  readonly #isRunningOnly: boolean;

  constructor(screen: Screen, options: { readonly running?: true }) {
    this.#screen = screen;
    this.#isRunningOnly = options.running === true;
  }

  get isForPeople(): boolean {
    return this.#screen.json === undefined;
  }

  discovered(): void {}
  begun(): void {}
  progress(): void {}
  result(): void {}

  end(report: Report): void {
    const all = jobsOf(report.results);
    const jobs = this.#isRunningOnly ? all.filter(isRunning) : all;
    const { json } = this.#screen;
    if (json) {
      for (const { age, ...job } of jobs) json.result({ ...job, age_seconds: age });
      json.summarize(statisticsOf(report));
      return;
    }
    if (jobs.length > 0) this.#screen.print(lines(jobs, this.#screen.rowWidth).join('\n'));
    else if (report.stats.answered > 0)
      this.#screen.note(
        `No node ${this.#isRunningOnly ? 'is running a request from you' : 'has kept a request from you'}`,
      );
    for (const { ok, sender, state, statuscode, statusmsg } of report.results) {
      if (ok && statusmsg !== 'OK') this.#screen.warn(`mco: ${sender}: ${plainLine(statusmsg)}`);
      if (ok || statuscode === undefined) continue;
      this.#screen.warn(`mco: ${sender}: ${statusWord({ state, statuscode })}: ${plainLine(statusmsg)}`);
    }
    footer(this.#screen, report);
  }
}

/** Merges the jobs that nodes report, by request. */
export function jobsOf(results: readonly Pick<Result, 'sender' | 'ok' | 'data'>[]): readonly JobEntry[] {
  const jobs = new Map<string, JobEntry>();
  for (const { sender, ok, data } of results) {
    if (!ok || !Array.isArray(data.jobs)) continue;
    for (const entry of data.jobs) {
      const { id, agent, action, collective, started, outcome } = entry as Record<string, unknown>;
      const age = Math.max(0, (Number(data.now) - Number(started)) / 1000);
      const node = { sender, state: states.find((state) => state === outcome) ?? null };
      const known = jobs.get(String(id));
      jobs.set(String(id), {
        requestid: String(id),
        agent: String(agent),
        action: String(action),
        collective: String(collective),
        age: Math.max(age, known?.age ?? 0),
        nodes: [...(known?.nodes ?? []), node],
      });
    }
  }
  return [...jobs.values()].sort((one, other) => one.age - other.age);
}

function isRunning({ nodes }: JobEntry): boolean {
  return nodes.some(({ state }) => state === null);
}

function lines(jobs: readonly JobEntry[], width: number): readonly string[] {
  const rows = [
    ['Age', 'Id', 'Action', 'Nodes'],
    ...jobs.map((job) => [
      span(job.age),
      job.requestid,
      plainLine(`${job.agent} ${job.action}`),
      stateCounts(job),
    ]),
  ];
  return rowLines(rows, { width, margin: 3 });
}

function stateCounts({ nodes }: JobEntry): string {
  const words = new Map<string, number>();
  for (const { state } of nodes) {
    const word = state === null ? 'running' : statusWord({ state });
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  return [...words].map(([word, count]) => `${count} ${word}`).join(', ');
}
