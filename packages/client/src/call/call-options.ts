import type { Filter } from '@troupe/core';
import type { Discovery } from '../discovery/discovery.js';
import type { NodeSource } from '../discovery/node-source.js';
import type { Share } from '../discovery/share.js';
import type { ProgressPiece } from './result.js';

export interface CallOptions {
  /** Which nodes; all that have the agent otherwise. */
  readonly filter?: Filter;
  /** These nodes, without discovery; each checks the filter for itself if one is given. */
  readonly targets?: readonly string[];
  /** Where the nodes come from instead of the network. */
  readonly source?: NodeSource;
  /** What a discovery with the same filter found, so that it is not made again. */
  readonly discovered?: Discovery;
  /** At most so many of the nodes, picked at random. */
  readonly limit?: Share;
  /** The same seed picks the same nodes. */
  readonly limitSeed?: number;
  /** So many nodes at a time: the next ones are asked when these have ended. */
  readonly batch?: Share;
  /** Seconds between two batches; 1 otherwise. */
  readonly batchSleep?: number;
  /**
   * As many may end in another way than ok; with one more, no other batch is sent, and those that were not asked end
   * as `not-asked`. Needs `batch`.
   */
  readonly maxFailures?: Share;
  readonly collective?: string;
  /** Seconds that the action may take; the DDL's otherwise, which is also the most. */
  readonly timeout?: number;
  /** Seconds in which a node may begin; 60 otherwise. */
  readonly ttl?: number;
  /** Seconds that a node may stay silent before it counts as one that does not reply; 10 otherwise. */
  readonly answerWithin?: number;
  /** Seconds of a fixed discovery window. */
  readonly discoveryTimeout?: number;
  /** Stops the waiting; what runs on the nodes goes on (see `cancel`). */
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
   * Where the nodes send their replies: another session of the same caller, which hears them by `client.replies`. They
   * send none otherwise, and keep what they would have sent for whoever attaches.
   */
  readonly replyTo?: string;
};

/** How to attach to a request that somebody made: the nodes, and the part of a call's options that applies. */
export type AttachOptions = Pick<CallOptions, 'collective' | 'answerWithin' | 'signal' | 'onProgress'> & {
  readonly targets: readonly string[];
};

/** What is listened to, and until when. */
export interface ListenOptions {
  readonly collective?: string;
  readonly signal?: AbortSignal;
}
