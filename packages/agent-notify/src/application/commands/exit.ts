import type { Stats } from '@troupe/client';

/** The exit codes of `mco`. */
export const ExitCode = {
  ok: 0,
  error: 1,
  failed: 2,
  noAnswer: 3,
  partialSilence: 5,
  interrupted: 130,
} as const;

/** The exit code of a call to many nodes; a failure takes precedence over a missing reply. */
export function exitCodeOf({ targets, answered, ok }: Pick<Stats, 'targets' | 'answered' | 'ok'>): number {
  if (targets === 0) return ExitCode.error;
  if (answered === 0) return ExitCode.noAnswer;
  if (ok < answered) return ExitCode.failed;
  return answered < targets ? ExitCode.partialSilence : ExitCode.ok;
}
