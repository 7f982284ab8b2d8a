import type { Stats } from '@troupe/client';
import type { RunAllStats } from '../run-all.js';

/** The exit codes of `mco`. */
export const ExitCode = {
  ok: 0,
  error: 1,
  failed: 2,
  noAnswer: 3,
  noAnswerFromNamed: 4,
  partialSilence: 5,
  interrupted: 130,
} as const;

/** The exit code of a call to many nodes; a failure takes precedence over a missing reply. `isNamed`: without discovery. */
export function exitCodeOfCall(
  { targets, answered, ok, unreachable = [] }: Pick<Stats, 'targets' | 'answered' | 'ok' | 'unreachable'>,
  isNamed: boolean,
): number {
  if (targets === 0) return ExitCode.error;
  if (answered === 0) return isNamed ? ExitCode.noAnswerFromNamed : ExitCode.noAnswer;
  if (ok < answered) return ExitCode.failed;
  return answered < targets || unreachable.length > 0 ? ExitCode.partialSilence : ExitCode.ok;
}

/** The exit code of runs over a fleet: a node that could not start a run has failed. */
export function exitCodeOfRuns(
  { nodes, failed, notBegun, silent, unheard, unreachable = [] }: RunAllStats,
  isNamed: boolean,
): number {
  if (nodes === 0) return ExitCode.error;
  if (failed.length + notBegun.length > 0) return ExitCode.failed;
  if (silent.length === nodes) return isNamed ? ExitCode.noAnswerFromNamed : ExitCode.noAnswer;
  return silent.length + unheard.length + unreachable.length > 0 ? ExitCode.partialSilence : ExitCode.ok;
}
