import { type ProgressPiece, type Result, silentStates } from '@troupe/client';
import type { AggregateResult } from '@troupe/core';
import type { Screen } from '../screen.js';
import type { Found } from '../selection.js';
import { pieceLines } from './plain.js';
import type { Presenter, Report, View } from './presenter.js';
import { bySender, isShown, isSilent } from './replies.js';

/** One document: replies, numbers, summaries. Names are Choria's where it has some. */
export class JsonPresenter implements Presenter {
  readonly isForPeople = false;
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  discovered(): void {}

  begun(): void {}

  progress({ sender, data }: ProgressPiece): void {
    for (const line of pieceLines(data)) this.#view.screen.warn(`${sender}: ${line}`);
  }

  result(): void {}

  end(report: Report): void {
    const { screen, agent, action, display, options } = this.#view;
    const answered = report.results.filter((result) => !isSilent(result) && isShown(result, display));
    const results = options.sort ? answered.toSorted(bySender) : answered;
    printJson(screen, {
      agent,
      action,
      replies: results.map(replyOf),
      no_answer: report.results
        .filter(isSilent)
        .map(({ sender, state, statusmsg }) => ({ sender, state, statusmsg })),
      summaries: summariesOf(report.summaries),
      request_stats: statsOf(report),
    });
  }
}

/** Pretty on a terminal, compact otherwise. */
export function printJson(screen: Screen, value: unknown): void {
  screen.print(JSON.stringify(value, undefined, screen.stdout.isTTY === true ? 2 : undefined));
}

/** A reply as JSON. */
export function replyOf({ sender, state, statuscode, statusmsg, data, seconds }: Result) {
  return { sender, state, statuscode, statusmsg, data, seconds };
}

/** Summaries as JSON, by the output that they are of. */
export function summariesOf(summaries: readonly AggregateResult[]): Record<string, unknown> {
  return Object.fromEntries(summaries.map(({ output, value }) => [output, value]));
}

/** How nodes were found, in a word: by a source, by their names, by asking all of them, or by the request itself. */
export function wayOf({ source, byRequest, method }: Found): string {
  return source ?? (byRequest ? 'request' : method);
}

/** The numbers of a call as JSON; times are seconds. */
export function statsOf({ stats, found, exitCode }: Report) {
  return {
    requestid: stats.requestId,
    discovery: wayOf(found),
    discovered: found.before ?? stats.targets,
    asked: stats.targets - (stats.byState['not-asked']?.length ?? 0),
    responses: stats.answered,
    ok: stats.ok,
    failed: stats.answered - stats.ok,
    by_state: stats.byState,
    no_responses: silentStates
      .filter((state) => state !== 'not-asked')
      .flatMap((state) => stats.byState[state] ?? [])
      .sort(),
    ...(stats.stopped === undefined ? {} : { stopped: stats.stopped }),
    unexpected_responses: stats.unexpected,
    silent_in_discovery: found.silent,
    refused_in_discovery: found.refused,
    offline: found.offline,
    ...(found.seed === undefined ? {} : { limit_seed: found.seed }),
    discovery_seconds: found.seconds,
    call_seconds: stats.callSeconds,
    exit_code: exitCode,
  };
}
