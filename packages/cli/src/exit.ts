import type { Stats } from '@troupe/client';

/** The exit codes of `mco`: MCollective's 0 to 4, 5 for partial silence, 130 and 143 for signals. */
export const ExitCode = {
  ok: 0,
  error: 1,
  failed: 2,
  noAnswer: 3,
  noAnswerFromNamed: 4,
  partialSilence: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit codes of `mco` after a signal. */
export type InterruptionCode = typeof ExitCode.interrupted | typeof ExitCode.terminated;

/** The meaning of each exit code, for `mco help exit-codes` and the documentation. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [0, 'All nodes that were called replied, and all replies are ok'],
  [1, 'No node was found; or invalid usage, a refused request, or an error before a request was sent'],
  [2, 'At least one node failed, denied the request, timed out or ended in another state that is not ok'],
  [3, 'The request went to discovered nodes, or to all that match, and none of them replied'],
  [
    4,
    'The request went to nodes that were named on the command line, without discovery, and none of them replied',
  ],
  [
    5,
    'All replies are ok, but some nodes did not reply: they are offline, online without a reply, or out of reach',
  ],
  [130, 'Interrupted by Ctrl-C: actions continue on the nodes, unless a second Ctrl-C cancelled them'],
  [143, 'Terminated by SIGTERM: actions continue on the nodes'],
];

/** What determines the exit code of a call. */
export interface CallEnd {
  /** Whether nodes were discovered, or named by the user. */
  readonly method: 'broadcast' | 'named';
  readonly stats: Pick<Stats, 'targets' | 'answered' | 'ok'>;
  /** The number of nodes that are online and did not respond to discovery. */
  readonly silentInDiscovery: number;
  /** The number of nodes that replied to earlier commands and are out of reach. */
  readonly unreachable?: number | undefined;
  /** Whether the request itself was the discovery that they did not respond to. */
  readonly byRequest?: true | undefined;
  /** Set if a signal ended the call. */
  readonly interrupted: InterruptionCode | undefined;
}

/** The one place that determines the exit code of a call; a failure takes precedence over a missing reply. */
export function exitCodeOf({
  method,
  stats,
  silentInDiscovery,
  unreachable = 0,
  byRequest,
  interrupted,
}: CallEnd): ExitCode {
  if (interrupted !== undefined) return interrupted;
  if (stats.targets === 0) return byRequest && silentInDiscovery > 0 ? ExitCode.noAnswer : ExitCode.error;
  if (stats.answered === 0) return method === 'named' ? ExitCode.noAnswerFromNamed : ExitCode.noAnswer;
  if (stats.ok < stats.answered) return ExitCode.failed;
  return stats.answered < stats.targets || silentInDiscovery + unreachable > 0
    ? ExitCode.partialSilence
    : ExitCode.ok;
}
