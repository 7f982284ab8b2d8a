import type { State } from '@troupe/client';
import type { Way } from './plan.js';

/** What somebody who asked was answered, and what had run by then. */
export interface Answer {
  /** `call`: the client's own recovery; `again`: the same request sent again; `attach`: asked for what is kept. */
  readonly by: 'call' | 'again' | 'attach';
  /** Nothing where no answer came. */
  readonly state: State | undefined;
  readonly statusmsg: string;
  /** Whether the daemon that was killed in the round gave it. */
  readonly isBeforeKill: boolean;
  /** How often its handler had begun, and ended, when the answer came. */
  readonly begun: number;
  readonly ended: number;
}

/** One request id, and all that is known of it. */
export interface RequestEvidence {
  readonly id: string;
  readonly round: number;
  readonly way: Way;
  /** Whether the journal on disk had it when the daemon was killed. */
  readonly isJournaled: boolean;
  /** Whether it had begun by then on a daemon that writes `begun` into its audit before anything runs. */
  readonly isNotedFirst: boolean;
  readonly answers: readonly Answer[];
}

/** A round as it went. */
export interface RoundEvidence {
  readonly round: number;
  /** When it was to be killed, in words. */
  readonly moment: string;
  /** Whether that moment came; it was killed when all had ended otherwise. */
  readonly isHit: boolean;
  /** When the start after it was killed, too. */
  readonly startMoment?: string;
  /** Seconds until the daemon was connected again; nothing where it did not come up. */
  readonly upAfter: number | undefined;
  /** Temporary files in its state folder after it came up. */
  readonly leftOvers: readonly string[];
  readonly requests: readonly RequestEvidence[];
}

/** All that is known when the loop is over. */
export interface LoopEvidence {
  readonly rounds: readonly RoundEvidence[];
  /** How often the handler of each id began and ended, as the agent's own file has it. */
  readonly marks: ReadonlyMap<string, { readonly begun: number; readonly ended: number }>;
  readonly audit: {
    /** What `verifyAudit` says against it; nothing where it is whole. */
    readonly fault: string | undefined;
    readonly lines: number;
    /** The outcomes of each id, in their order. */
    readonly outcomes: ReadonlyMap<string, readonly string[]>;
  };
  /** Ends of the daemon that nobody planned. */
  readonly crashes: readonly string[];
}
