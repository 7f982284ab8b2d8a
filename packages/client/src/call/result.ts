/** How a target's part of a call ended. Every target ends in one of these. */
export const states = [
  'ok',
  'failed',
  'denied',
  'timeout',
  'offline',
  'expired',
  'no-reply',
  'cancelled',
  'unknown',
  'not-asked',
] as const;
export type State = (typeof states)[number];

/** The states of targets from which nothing was heard. */
export const silentStates = ['offline', 'no-reply', 'not-asked'] as const satisfies readonly State[];

/** What became of one target. */
export interface Result<Data = Record<string, unknown>> {
  readonly sender: string;
  readonly state: State;
  readonly ok: boolean;
  /** MCollective's status code; absent where the node said nothing. */
  readonly statuscode?: number;
  /** In words; for `offline` and `no-reply` the client's own. */
  readonly statusmsg: string;
  readonly data: Data;
  /** From the first asking to the end. */
  readonly seconds: number;
  /** The version of the agent's DDL on the node. */
  readonly ddl?: string;
  /** The fingerprint of the key that signed: tells whether two replies are from the same machine. */
  readonly key?: string;
}

/** A piece of output of an action that runs. */
export interface ProgressPiece {
  readonly sender: string;
  readonly data: unknown;
}

/** A call in numbers and names. */
export interface Stats {
  readonly requestId: string;
  readonly targets: number;
  readonly answered: number;
  readonly ok: number;
  /** Names by state; only states that occurred. */
  readonly byState: Readonly<Partial<Record<State, readonly string[]>>>;
  /** Nodes that were not among the targets and ran the action all the same: they came while a filter was broadcast. */
  readonly unexpected: readonly string[];
  /** Why some were not asked, where too many failed before their turn. */
  readonly stopped?: string;
  readonly discoverySeconds: number;
  readonly callSeconds: number;
}

/** The result of a target that did not end by a reply, in words of the client's own. */
export function resultWithoutReply(sender: string, state: State, statusmsg: string, seconds: number): Result {
  return { sender, state, ok: false, statusmsg, data: {}, seconds };
}

/** Counts results. */
export function statsOf(
  requestId: string,
  results: readonly Result<unknown>[],
  times: { discoverySeconds: number; callSeconds: number },
  unexpected: readonly string[] = [],
): Stats {
  const byState: Partial<Record<State, string[]>> = {};
  for (const { state, sender } of results) {
    const names = byState[state] ?? [];
    names.push(sender);
    byState[state] = names;
  }
  const silent = silentStates.flatMap((state) => byState[state] ?? []).length;
  return {
    requestId,
    targets: results.length,
    answered: results.length - silent,
    ok: byState.ok?.length ?? 0,
    byState,
    unexpected,
    ...times,
  };
}
