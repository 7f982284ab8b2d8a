import type { Client } from '@troupe/client';
import type { Filter } from '@troupe/core';
import type { Command } from 'commander';

/** What the program provides that has these commands, `mco`: all that its commands have in common. */
export interface CommandLine {
  /** Adds the options by which nodes are chosen, and `--json` and `--yes`. */
  withNodes(command: Command): Command;
  /** Connects as the options of the command say, does the work, takes leave; the work's number is the exit code. */
  run(command: Command, work: (session: Session) => Promise<number>): Promise<void>;
}

/** One command at work. */
export interface Session {
  readonly client: Client;
  readonly collective: string;
  readonly filter: Filter;
  /** Fires at Ctrl-C, and when a service manager ends the program. */
  readonly signal: AbortSignal;
  readonly isJson: boolean;
  /** Whether somebody watches who can be shown what happens. */
  readonly isWatched: boolean;
  /** A line of data. */
  print(line: string): void;
  /** A line for people, beside the data. */
  note(line: string): void;
  /** Asks before all nodes are changed; false where the answer is no. Throws where nobody can be asked. */
  confirm(question: string): Promise<boolean>;
}
