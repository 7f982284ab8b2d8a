import type { Filter } from '@troupe/core';
import type { NodeSource } from './node-source.js';

/** The nodes of a collective that replied to earlier calls; nothing if no node is remembered. */
export type EarlierNodes = (collective: string) => readonly string[] | undefined;

/** How to discover nodes. */
export interface DiscoveryOptions {
  readonly collective: string;
  readonly filter: Filter;
  /** The source of the nodes, instead of the network. */
  readonly source?: NodeSource;
  /** The request is sent only to these nodes, individually. */
  readonly among?: readonly string[];
  /** Seconds of a fixed time window; by default, the discovery ends when no more replies are to be expected. */
  readonly window?: number;
  /** Ends after this many matching nodes. */
  readonly most?: number;
  /**
   * Whether nodes that do not match reply as well, which costs one message per node and makes the end certain. By
   * default, they do if up to 2000 nodes are known to be online; in a larger fleet, a sample of nodes is queried.
   */
  readonly answerUnmatched?: boolean;
  /**
   * Nodes that replied to earlier calls: those of which the broker has no presence record are waited for, like those that are
   * online, and named as `unreachable` if they do not reply.
   */
  readonly earlier?: readonly string[];
  readonly signal?: AbortSignal;
  /** Is called for each node that replies, with the milliseconds it took. */
  readonly onNode?: (identity: string, milliseconds: number) => void;
}

/** The result of a discovery. */
export interface Discovery {
  /** Whether the nodes were discovered over the network, or named by the filter or a source. */
  readonly method: 'broadcast' | 'named';
  /** The name of the source that named them, such as `puppetdb`. */
  readonly source?: string;
  /** The nodes that match, sorted. */
  readonly nodes: readonly string[];
  /** Nodes that are online but did not reply. */
  readonly silent: readonly string[];
  /** Nodes that did not say whether they match, and why: an unknown data plugin, a wrong clock, too many requests. */
  readonly refused: readonly { readonly sender: string; readonly statusmsg: string }[];
  /** Nodes that are offline by their presence; whether they match the filter is not known. */
  readonly offline: readonly string[];
  /**
   * The `earlier` nodes without a presence record that did not reply: most often of a region that is cut off. Whether they match the filter is not
   * known. Absent if no earlier nodes were given, or not all nodes were waited for.
   */
  readonly unreachable?: readonly string[];
  /** The part of the filter that the nodes of a source evaluate when they are called. */
  readonly rest?: Filter;
  /** Whether the request of a call found the nodes itself, without a discovery: they run it as they reply. */
  readonly byRequest?: true;
  readonly seconds: number;
}
