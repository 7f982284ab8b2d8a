import type { Filter } from '@troupe/core';
import type { Command } from 'commander';
import type { Client } from '../client.js';
import type { JsonFailure, JsonOutput } from './json-output.js';

export { callStatistics, type JsonFailure, JsonOutput } from './json-output.js';

/** What the export `./application` of a package must hold to be a command of `mco`. */
export interface Application {
  /** The command: lower-case letters, digits, "-" and "_". */
  readonly name: string;
  /** What `mco help` says of it, in a line. */
  readonly summary: string;
  /** Adds subcommands, options and the work to a command that has its name already. */
  define(command: Command, line: CommandLine): void;
}

/** What `mco` gives the commands of an application: all that its own commands have in common. */
export interface CommandLine {
  /** Adds the options by which nodes are chosen, and `--json`, `--jsonl` and `--yes`. */
  withNodes(command: Command): Command;
  /** Connects as the options of the command say, does the work, takes leave; the work's number is the exit code. */
  run(command: Command, work: (session: Session) => Promise<number>): Promise<void>;
}

/** One command at work. */
export interface Session {
  readonly client: Client;
  readonly collective: string;
  readonly filter: Filter;
  /** Fires at Ctrl-C, and when a service manager ends the program; a second one ends it without asking. */
  readonly signal: AbortSignal;
  /** Where the data goes if `--json` or `--jsonl` was given. */
  readonly json?: JsonOutput | undefined;
  /** Whether the data goes to a terminal. */
  readonly isWatched: boolean;
  /** A line of data for people; with `--json` and `--jsonl` it goes to standard error. */
  print(line: string): void;
  /** A line for people, beside the data. */
  note(line: string): void;
  /** Says why the command fails: on standard error with the code in brackets, and in `errors` of the JSON. */
  fail(failure: JsonFailure): void;
  /** Asks before all nodes are changed; false where the answer is no. Throws where nobody can be asked. */
  confirm(question: string): Promise<boolean>;
}
