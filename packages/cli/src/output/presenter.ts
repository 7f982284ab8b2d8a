import type { ProgressPiece, Result, Stats } from '@troupe/client';
import type { ActionDdl, AggregateResult } from '@troupe/core';
import type { Found } from '../call/selection.js';
import type { Display, OutputOptions } from '../command-line/options.js';
import type { ExitCode } from '../exit.js';
import type { Screen } from '../terminal/screen.js';

/** A call that has ended. */
export interface Report {
  readonly agent: string;
  readonly action: string;
  readonly found: Found;
  /** Every target, in the order of their ends. */
  readonly results: readonly Result[];
  /** Nodes that may still be running the action, because mco stopped waiting for them. */
  readonly unfinished: readonly string[];
  readonly stats: Stats;
  readonly summaries: readonly AggregateResult[];
  readonly exitCode: ExitCode;
}

/** One way to show a call: gets each reply when it arrives, and the report at the end. */
export interface Presenter {
  /** Whether this is for people, who want a progress bar and a footer. */
  readonly isForPeople: boolean;
  discovered(found: Found): void;
  /** The request is on its way, under this id. */
  begun(requestId: string): void;
  progress(piece: ProgressPiece): void;
  result(result: Result): void;
  end(report: Report): void;
}

/** What a presenter needs to know beforehand. */
export interface View {
  readonly screen: Screen;
  readonly agent: string;
  readonly action: string;
  /** Undefined if the action's DDL is not known. */
  readonly ddl: ActionDdl | undefined;
  readonly options: Pick<OutputOptions, 'sort'>;
  readonly display: Display;
}
