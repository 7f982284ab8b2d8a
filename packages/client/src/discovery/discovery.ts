import type { Filter } from '@troupe/core';
import type { NodeSource } from './node-source.js';

/** How nodes are looked for. */
export interface DiscoveryOptions {
  readonly collective: string;
  readonly filter: Filter;
  /** Where the nodes come from instead of the network. */
  readonly source?: NodeSource;
  /** Only these are asked, each for itself. */
  readonly among?: readonly string[];
  /** Seconds of a fixed window; without it, discovery ends when there is nothing left to wait for. */
  readonly window?: number;
  /** Ends with the first so many that match. */
  readonly most?: number;
  /**
   * Whether nodes that do not match say so, which costs a message of each and makes the end certain. Unless told,
   * they do where up to 2000 nodes are known to be online; in a larger fleet a sample of them is asked.
   */
  readonly everybody?: boolean;
  readonly signal?: AbortSignal;
  /** Hears of each node as it answers, with the milliseconds it took. */
  readonly onNode?: (identity: string, milliseconds: number) => void;
}

/** Who is there. */
export interface Discovery {
  /** Whether nodes were looked for on the network, or named: by the filter or by a source. */
  readonly method: 'broadcast' | 'named';
  /** The name of the source that named them, such as `puppetdb`. */
  readonly source?: string;
  /** The nodes that match, sorted. */
  readonly nodes: readonly string[];
  /** Nodes that are online and said nothing. */
  readonly silent: readonly string[];
  /** Nodes that could not say whether the filter matches, and why: a data plugin that they lack, a clock that is off. */
  readonly refused: readonly { readonly sender: string; readonly statusmsg: string }[];
  /** Nodes that the broker knows to be offline; whether the filter would match them is not known. */
  readonly offline: readonly string[];
  /** The part of the filter that the nodes of a source judge for themselves when they are called. */
  readonly rest?: Filter;
  /** Whether the request of a call found them itself, so that no question went before it: they ran it as they answered. */
  readonly byRequest?: true;
  readonly seconds: number;
}
