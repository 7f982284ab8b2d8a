import { naturalOrder, printableJson } from '@troupe/core/internal';
import { type Result, type Stats, silentStates } from '../call/result.js';

/** One of `errors`. */
export interface JsonFailure {
  /** Stable, for programs: that of a `TroupeError`, or another word in capitals. */
  readonly code: string;
  /** The text on standard error, which ends with the code there. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

/** The version of the shape. It changes when a key is lost or means something else, which a minor version never does. */
const shapeVersion = 1;

/**
 * The data of a command for programs: one document (`--json`), or a line for each thing as it comes (`--jsonl`). No
 * command makes an envelope of its own.
 */
export class JsonOutput {
  /** The words of the command, such as `job list`; empty if the command line names none. */
  command = '';
  readonly #write: (text: string) => void;
  readonly #indent: number | undefined;
  #isLines: boolean;
  // no peer fills this: it holds the results of one command
  readonly #results: object[] = [];
  // no peer fills this: it holds the errors of one command
  readonly #errors: JsonFailure[] = [];
  #statistics: object | null = null;
  #own: object = {};

  constructor(write: (text: string) => void, options: { isLines?: boolean; isWatched?: boolean } = {}) {
    this.#write = write;
    this.#isLines = options.isLines === true;
    this.#indent = options.isWatched ? 2 : undefined;
  }

  get isLines(): boolean {
    return this.#isLines;
  }

  get hasErrors(): boolean {
    return this.#errors.length > 0;
  }

  /** Makes lines of it with `--json` too: for a command that runs until it is stopped. */
  stream(): void {
    this.#isLines = true;
  }

  /** What happens meanwhile: a line of this kind, not part of a document. */
  event(kind: string, value: object): void {
    if (this.#isLines) this.#line(kind, value);
  }

  /** One of `results`, with keys in snake_case. */
  result(value: object): void {
    if (this.#isLines) this.#line('result', value);
    else this.#results.push(value);
  }

  /** What became of one node, as one of `results`. */
  reply(result: Result<unknown>): void {
    this.result(replyOf(result));
  }

  /** The `statistics`, and the command's own keys of the document. */
  summarize(statistics: object | null, own: object = {}): void {
    this.#statistics = statistics;
    this.#own = own;
  }

  /** The numbers of a call as `statistics`. */
  summarizeCall(stats: Stats, exitCode: number, own: object = {}): void {
    this.summarize(callStatistics(stats, exitCode), own);
  }

  /** One of `errors`: why the command itself failed. What a node refuses is one of the results. */
  fail(failure: JsonFailure): void {
    this.#errors.push(failure);
  }

  /** Prints the document, or the last lines. */
  end(): void {
    if (!this.#isLines) {
      const envelope = {
        version: shapeVersion,
        command: this.command,
        results: this.#results,
        statistics: this.#statistics,
        errors: this.#errors,
      };
      this.#write(textOf({ ...envelope, ...this.#own }, this.#indent));
      return;
    }
    if (Object.keys(this.#own).length > 0) this.#line('summary', this.#own);
    if (this.#statistics) this.#line('statistics', this.#statistics);
    for (const error of this.#errors) this.#line('error', error);
  }

  #line(kind: string, value: object): void {
    this.#write(textOf({ version: shapeVersion, kind, ...value }));
  }
}

/** What became of one node, the same in every command. */
function replyOf({ sender, state, statuscode, statusmsg, data, seconds, cut }: Result<unknown>) {
  return { sender, state, statuscode: statuscode ?? null, statusmsg, data, seconds, ...(cut && { cut }) };
}

/** The numbers of a call, the same in every command; times are seconds. */
export function callStatistics(stats: Stats, exitCode: number) {
  return {
    requestid: stats.requestId,
    asked: stats.targets - (stats.byState['not-asked']?.length ?? 0),
    responses: stats.answered,
    ok: stats.ok,
    failed: stats.answered - stats.ok,
    by_state: stats.byState,
    no_responses: silentStates
      .filter((state) => state !== 'not-asked')
      .flatMap((state) => stats.byState[state] ?? [])
      .sort(naturalOrder),
    ...(stats.stopped === undefined ? {} : { stopped: stats.stopped }),
    unexpected_responses: stats.unexpected,
    ...(stats.unreachable && { unreachable: stats.unreachable }),
    discovery_seconds: stats.discoverySeconds,
    call_seconds: stats.callSeconds,
    exit_code: exitCode,
  };
}

function textOf(value: object, indent?: number): string {
  return printableJson(JSON.stringify(value, undefined, indent));
}
