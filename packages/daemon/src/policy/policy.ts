import type { Filter } from '@troupe/core';

/** A line of a policy that allows or denies. */
export interface Rule {
  readonly line: number;
  /** As it stands in the file. */
  readonly text: string;
  readonly allow: boolean;
  /** Nothing: whoever calls. */
  readonly callers: readonly string[] | undefined;
  /** Nothing: every action. */
  readonly actions: readonly string[] | undefined;
  /** Nothing: every host. */
  readonly facts: Filter | undefined;
  readonly classes: Filter | undefined;
}

/** An ActionPolicy file. */
export interface Policy {
  readonly file: string;
  readonly rules: readonly Rule[];
  /** What holds where no line matches; `line` is nothing where the file does not say, and then it is deny. */
  readonly default: { readonly allow: boolean; readonly line: number | undefined };
  /** What is allowed but hardly meant, as `FILE:LINE: …`. */
  readonly warnings: readonly string[];
}

/** The callers of each group. */
export type Groups = ReadonlyMap<string, readonly string[]>;

/** What is asked of a policy. */
export interface Question {
  readonly caller: string;
  readonly agent: string;
  readonly action: string;
}

/** The result of comparing a call with one line: `matches`, or why the line does not decide. */
export type RuleResult =
  | 'matches'
  | 'other callers'
  | 'other actions'
  | 'facts do not match'
  | 'classes do not match';

/** A line that was looked at. */
export interface Step {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly finding: RuleResult;
}

/** What a policy says, and where it says so. */
export interface Decision {
  readonly allowed: boolean;
  /** `policy`: a line or default decided. `none`: there is no policy. `token`: the enrolment token. `fault`: a file is not usable. */
  readonly by: 'policy' | 'none' | 'token' | 'fault';
  readonly file?: string;
  readonly line?: number;
  /** For the log and the audit: one line that names file and line. */
  readonly reason: string;
  /** If it is denied without a policy: what to write and where, for the caller too. */
  readonly remedy?: string;
  /** The lines looked at, in order; the last one decided if it matches. */
  readonly steps: readonly Step[];
}
