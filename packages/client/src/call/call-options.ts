import type { Filter } from '@troupe/core';
import type { Discovery } from '../discovery/discovery.js';
import type { NodeSource } from '../discovery/node-source.js';
import type { Share } from '../discovery/share.js';
import type { AcceptDdl } from './ddl-variants.js';
import type { ProgressPiece } from './result.js';

export interface CallOptions {
  /** The nodes to call; default: all nodes with the agent. */
  readonly filter?: Filter;
  /** Calls these nodes, without a discovery; each of them evaluates the filter, if there is one. */
  readonly targets?: readonly string[];
  /** The source of the nodes, instead of the network. */
  readonly source?: NodeSource;
  /** The result of a discovery with the same filter, so that it is not repeated. */
  readonly discovered?: Discovery;
  /** The most nodes to call, selected at random. */
  readonly limit?: Share;
  /** The same seed selects the same nodes. */
  readonly limitSeed?: number;
  /** Nodes per batch: the next batch is sent when all nodes of the previous one have finished. */
  readonly batch?: Share;
  /** Seconds between two batches; default: 1. */
  readonly batchSleep?: number;
  /**
   * The most nodes that may end with a state other than ok. After more failures, no further batch is sent, and the
   * remaining nodes get the state `not-asked`. Needs `batch`.
   */
  readonly maxFailures?: Share;
  readonly collective?: string;
  /**
   * Decides about nodes that have another DDL than the one of the call, before any input is sent to them. By default they
   * are called, unless the action changes hosts under their DDL only.
   */
  readonly acceptDdl?: AcceptDdl;
  /** W3C Trace Context of the call, which nodes write into log and audit: `00-…`; default: the client's. */
  readonly traceparent?: string;
  /** Time limit of the action in seconds; default and maximum: the timeout in the DDL. */
  readonly timeout?: number;
  /** Seconds within which a node may start the action; default: 60. */
  readonly ttl?: number;
  /**
   * By how many milliseconds the clocks of the `targets` are ahead of this one, as their results say: the request is dated
   * by their clocks, so that they accept it. It is signed like any other, and only these nodes run it.
   */
  readonly clockOffset?: number;
  /** Seconds without a reply until the state of a node is `no-reply`; default: 10. */
  readonly answerWithin?: number;
  /** As the option of a discovery; not for a call to `targets`. */
  readonly earlier?: readonly string[];
  /** Seconds of a fixed discovery window. */
  readonly discoveryTimeout?: number;
  /** Aborts the wait for replies; actions on the nodes continue (see `cancel`). */
  readonly signal?: AbortSignal;
  readonly onProgress?: (piece: ProgressPiece) => void;
  readonly onDiscovered?: (discovery: Discovery) => void;
}

/** How to send a request whose replies this client does not wait for. */
export type SendOptions = Omit<
  CallOptions,
  'batch' | 'batchSleep' | 'maxFailures' | 'answerWithin' | 'onProgress'
> & {
  /**
   * The session of the same caller to which the nodes send their replies; it receives them with `client.replies`. By
   * default, nodes send no replies, but keep them for clients that attach.
   */
  readonly replyTo?: string;
};

/** How to attach to an earlier request: the nodes, and the options of a call that apply. */
export type AttachOptions = Pick<CallOptions, 'collective' | 'answerWithin' | 'signal' | 'onProgress'> & {
  readonly targets: readonly string[];
};

/** The collective to listen to, and a signal to stop. */
export interface ListenOptions {
  readonly collective?: string;
  readonly signal?: AbortSignal;
}
