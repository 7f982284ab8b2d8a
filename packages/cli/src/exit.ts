import type { Stats } from '@troupe/client';

/** The exit codes of `mco`: MCollective's 0 to 4, one for partial silence, and that of an interruption. */
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

/** How a signal that ends the waiting ends `mco`. */
export type InterruptionCode = typeof ExitCode.interrupted | typeof ExitCode.terminated;

/** What each exit code says, for `mco help exit-codes` and the documentation. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [0, 'All nodes that were asked answered, and all of them are ok'],
  [1, 'No node was found; or wrong use, a refusal, or an error before anything was sent'],
  [2, 'Some nodes failed, denied, ran out of time or ended in another way that is not ok'],
  [3, 'Nodes were found by discovery, or asked all at once, and none of those that may be meant answered'],
  [4, 'Nodes were named, so that none were looked for, and none of them answered'],
  [5, 'All that answered are ok, but some nodes gave no answer: offline, or online and silent'],
  [130, 'Interrupted by Ctrl-C: what was begun on nodes goes on there, unless a second one cancelled it'],
  [143, 'Ended by SIGTERM, in the same way'],
];

/** What an exit code is judged by. */
export interface CallEnd {
  /** Whether nodes were looked for, or named by the user. */
  readonly method: 'broadcast' | 'named';
  readonly stats: Pick<Stats, 'targets' | 'answered' | 'ok'>;
  /** Nodes that are online and said nothing when nodes were looked for. */
  readonly silentInDiscovery: number;
  /** Whether the request itself was what they were silent to. */
  readonly byRequest?: true | undefined;
  /** How somebody ended the waiting, where somebody did. */
  readonly interrupted: InterruptionCode | undefined;
}

/** The one place where a call becomes an exit code; a failure counts for more than silence. */
export function exitCodeOf({ method, stats, silentInDiscovery, byRequest, interrupted }: CallEnd): ExitCode {
  if (interrupted !== undefined) return interrupted;
  if (stats.targets === 0) return byRequest && silentInDiscovery > 0 ? ExitCode.noAnswer : ExitCode.error;
  if (stats.answered === 0) return method === 'named' ? ExitCode.noAnswerFromNamed : ExitCode.noAnswer;
  if (stats.ok < stats.answered) return ExitCode.failed;
  return stats.answered < stats.targets || silentInDiscovery > 0 ? ExitCode.partialSilence : ExitCode.ok;
}
