import type { ProgressPiece, Result } from '@troupe/client';
import { callStatistics, type JsonOutput } from '@troupe/client/application';
import type { AggregateResult } from '@troupe/core';
import type { Found } from '../call/selection.js';
import { pieceLines } from './plain.js';
import type { Presenter, Report, View } from './presenter.js';
import { bySender, isShown } from './replies.js';

/** The replies of a call for programs: results, statistics, and the summaries of the DDL. */
export class JsonPresenter implements Presenter {
  readonly isForPeople = false;
  readonly #view: View;
  readonly #json: JsonOutput;

  constructor(view: View, json: JsonOutput) {
    this.#view = view;
    this.#json = json;
  }

  discovered(found: Found): void {
    const { nodes, seconds } = found;
    this.#json.event('discovery', { method: wayOf(found), nodes, seconds });
  }

  begun(requestId: string): void {
    this.#json.event('request', { requestid: requestId });
  }

  progress({ sender, data }: ProgressPiece): void {
    if (this.#json.isLines) this.#json.event('progress', { sender, data });
    else for (const line of pieceLines(data)) this.#view.screen.warn(`${sender}: ${line}`);
  }

  result(result: Result): void {
    if (!this.#isSorted) this.#show(result);
  }

  end(report: Report): void {
    const { agent, action } = this.#view;
    if (this.#isSorted) for (const result of report.results.toSorted(bySender)) this.#show(result);
    this.#json.summarize(statisticsOf(report), { agent, action, summaries: summariesOf(report.summaries) });
  }

  // Lines come as they come.
  get #isSorted(): boolean {
    return this.#view.options.sort === true && !this.#json.isLines;
  }

  #show(result: Result): void {
    if (isShown(result, this.#view.display)) this.#json.reply(result);
  }
}

/** Summaries as JSON, by the output that they are of. */
function summariesOf(summaries: readonly AggregateResult[]): Record<string, unknown> {
  return Object.fromEntries(summaries.map(({ output, value }) => [output, value]));
}

/** How nodes were found, in a word: by a source, by their names, by asking all of them, or by the request itself. */
export function wayOf({ source, byRequest, method }: Found): string {
  return source ?? (byRequest ? 'request' : method);
}

/** The numbers of a call, and of the discovery before it. */
export function statisticsOf({ stats, found, exitCode }: Report) {
  const { discovery, discovered: _, ...rest } = discoveryStatistics(found);
  const { requestid, ...call } = callStatistics(stats, exitCode);
  const discovered = found.before ?? stats.targets;
  // A separate discovery was not part of the call, whose statistics do not include its time.
  return { requestid, discovery, discovered, ...call, ...rest };
}

/** The numbers of a discovery. */
export function discoveryStatistics(found: Found) {
  return {
    discovery: wayOf(found),
    discovered: found.before ?? found.nodes.length,
    silent_in_discovery: found.silent,
    refused_in_discovery: found.refused,
    offline: found.offline,
    unreachable: found.unreachable ?? null,
    ...(found.seed === undefined ? {} : { limit_seed: found.seed }),
    discovery_seconds: found.seconds,
  };
}
