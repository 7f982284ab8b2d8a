import type { DdlPlaces } from '@troupe/client';
/** A word that may come next. */
export interface Candidate {
  readonly value: string;
  readonly meaning: string;
}

/** What this machine knows of a network. */
export interface Sources {
  /** Where DDLs are. */
  readonly places: DdlPlaces;
  /** The names of nodes that were seen before. */
  readonly nodes: () => readonly string[];
  readonly collectives: readonly string[];
  /** What nodes are asked, for a short time, if nothing else knows. */
  readonly network: NetworkSource;
}

/** What only the nodes of a network know. */
export interface NetworkSource {
  /** Facts, by their paths, with values that occur. */
  facts(): Promise<ReadonlyMap<string, readonly string[]>>;
  classes(): Promise<readonly string[]>;
  jobs(): Promise<readonly Candidate[]>;
}
