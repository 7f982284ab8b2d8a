import type { ReplyOutcome } from '@troupe/core';

/** How a call can end on a target. Every target ends in one of these states. */
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
  'ddl-mismatch',
] as const;
export type State = (typeof states)[number];

/** The state of a target whose last reply has this outcome. */
export function stateOf(outcome: ReplyOutcome): State {
  return outcome === 'unmatched' || outcome === 'busy' || outcome === 'unsupported' ? 'failed' : outcome;
}

/** The states of targets that did not reply. */
export const silentStates = ['offline', 'no-reply', 'not-asked'] as const satisfies readonly State[];

/** The result of a call on one target. */
export interface Result<Data = Record<string, unknown>> {
  readonly sender: string;
  readonly state: State;
  readonly ok: boolean;
  /** The status code of MCollective; absent if the node did not reply. */
  readonly statuscode?: number;
  /** The message of the node; for `offline` and `no-reply`, of this client. */
  readonly statusmsg: string;
  readonly data: Data;
  /** Whether the filter does not match the node, which therefore ran nothing; its state is `failed`. */
  readonly isUnmatched?: true;
  /** From the first request to the end. */
  readonly seconds: number;
  /**
   * By how many milliseconds the clock of the node was ahead of this one, the way of its reply included; a reply that was
   * lost and sent again makes it less. Absent if the node did not reply.
   */
  readonly clockOffset?: number;
  /** The version of the agent's DDL on the node, and its hash where the node says it. */
  readonly ddl?: string;
  readonly ddlHash?: string;
  /** Outputs that the node left out because they are secret and no key is agreed. */
  readonly withheld?: readonly string[];
  /** Outputs that the node cut because they are too large for one reply, each with the bytes of JSON that it had. */
  readonly cut?: Readonly<Record<string, number>>;
  /** The fingerprint of the key that signed: shows whether two replies are from the same machine. */
  readonly key?: string;
}

/** A piece of output of an action that runs. */
export interface ProgressPiece {
  readonly sender: string;
  readonly data: unknown;
}

/** The statistics of a call. */
export interface Stats {
  readonly requestId: string;
  readonly targets: number;
  readonly answered: number;
  readonly ok: number;
  /** Names by state; only states that occurred. */
  readonly byState: Readonly<Partial<Record<State, readonly string[]>>>;
  /** Nodes that were not targets but ran the action: they went online while a request with a filter was broadcast. */
  readonly unexpected: readonly string[];
  /** Nodes that replied earlier and are out of reach; absent if that is not known (see Discovery). */
  readonly unreachable?: readonly string[];
  /** Why some nodes were not called, if too many failed before their batch. */
  readonly stopped?: string;
  readonly discoverySeconds: number;
  readonly callSeconds: number;
}

/** The result of a target that sent no final reply. */
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
