import { type DdlOnNode, type ReplyOutcome, Status } from '@troupe/core';

/** Why a message is not obeyed, as its author is told. */
export interface Refusal {
  readonly outcome: ReplyOutcome;
  readonly statuscode: number;
  readonly statusmsg: string;
  /** What the caller is not told: the line of the policy that decided. */
  readonly policy?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Where the DDL is the reason: the one on this node. */
  readonly ddl?: DdlOnNode;
}

/** The refusal of a node that cannot take a request now: nothing of it is noted, so that the same one may come again. */
export function busy(statusmsg: string): Refusal {
  return { outcome: 'busy', statuscode: Status.aborted, statusmsg };
}
