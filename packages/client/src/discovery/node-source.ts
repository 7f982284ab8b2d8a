import type { Facts, Filter } from '@troupe/core';

/** A node, and what is known of it without asking it. */
export interface KnownNode {
  readonly identity: string;
  readonly facts?: Facts;
  readonly classes?: readonly string[];
  readonly agents?: readonly string[];
  readonly collectives?: readonly string[];
}

/** A CA to believe and a certificate to show, in PEM. */
export interface TlsIdentity {
  readonly ca?: string | readonly string[];
  readonly certificate?: string;
  readonly key?: string;
}

/** What a source is asked. */
export interface SourceRequest {
  readonly filter: Filter;
  readonly collective: string;
  /** What the client itself shows to its broker, for a source that wants to know who asks. */
  readonly tls?: TlsIdentity;
  readonly signal?: AbortSignal;
}

/** What a source answers. */
export interface SourceAnswer {
  readonly nodes: readonly KnownNode[];
  /** The part of the filter that the source cannot judge: the nodes are asked about it. */
  readonly rest: Filter;
  /** What of the source could not be read, and so is not among the nodes. */
  readonly warnings?: readonly string[];
}

/** Where nodes are found other than by asking the network: a file, a database, a program, or one's own. */
export interface NodeSource {
  /** For people and statistics. */
  readonly name: string;
  /** The nodes that a filter selects. Throws DISCOVERY_FAILED, FILE_UNREADABLE, FILTER_INVALID. */
  find(request: SourceRequest): Promise<SourceAnswer>;
}
