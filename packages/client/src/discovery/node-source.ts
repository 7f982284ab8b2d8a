import type { Facts, Filter } from '@troupe/core';

/** A node, and what is known of it without asking it. */
export interface KnownNode {
  readonly identity: string;
  readonly facts?: Facts;
  readonly classes?: readonly string[];
  readonly agents?: readonly string[];
  readonly collectives?: readonly string[];
}

/** What a source is asked. */
export interface SourceRequest {
  readonly filter: Filter;
  readonly collective: string;
  readonly signal?: AbortSignal;
}

/** What a source answers. */
export interface SourceAnswer {
  readonly nodes: readonly KnownNode[];
  /** The part of the filter that the source cannot judge: the nodes are asked about it. */
  readonly rest: Filter;
}

/** Where nodes are found other than by asking the network: a file, a database, a program, or one's own. */
export interface NodeSource {
  /** For people and statistics. */
  readonly name: string;
  /** The nodes that a filter selects. Throws DISCOVERY_FAILED, FILE_UNREADABLE, FILTER_INVALID. */
  find(request: SourceRequest): Promise<SourceAnswer>;
}
