import type { ProcessIdentity } from '@troupe/host';
import type { PuppetSettings } from './setting-names.js';

/** A run to be made ready. */
export interface RunPlan {
  /** Where everything of the run is left, under the names of `runFiles`. */
  readonly folder: string;
  /** The command with its arguments. */
  readonly command: readonly string[];
}

/** A run of which Puppet has not begun. */
export interface ReadyRun {
  /** The process with which the run lives and dies. */
  readonly process: ProcessIdentity;
  /** Lets Puppet begin; called when the run is on record, so that it never runs without one. */
  go(): Promise<void>;
}

/**
 * How Puppet is reached, where that is not by its command: the seam for emulators of whole fleets. At its end a run
 * leaves output, copies of report and summary, and last, whole, the exit code.
 */
export interface PuppetSystem {
  settings(): Promise<PuppetSettings>;
  ready(plan: RunPlan): Promise<ReadyRun>;
}
