import type { Attach } from '@troupe/core';
import type { OwnRequest } from '../connection/outgoing.js';
import type { Router } from '../connection/router.js';
import type { DiscoveryOptions } from '../discovery/discovery.js';
import type { Finder } from '../discovery/finder.js';
import type { PresenceView } from '../presence/presence-view.js';
import type { CallOptions } from './call-options.js';
import type { DdlVariants } from './ddl-variants.js';

/** What a call works with: the client's own parts, and what this call is for. */
export interface CallParts {
  readonly router: Router;
  /** Who is online, while the records of some may still be coming. */
  readonly presence: () => Promise<PresenceView>;
  readonly finder: Finder;
  /** Whom to look for where the options name nobody. */
  readonly wanted: DiscoveryOptions;
  /** What is sent first: a request that begins something, or a question for what is kept of one. */
  readonly message: OwnRequest | Attach;
  /** The requests under the DDLs of the nodes; absent where nothing is to be run. */
  readonly variants?: DdlVariants;
  /** The hash of the DDL that a node of version 1 has. */
  readonly askHash?: (identity: string) => Promise<string>;
  /** The agents that the caller's own filter names: a node that lacks one of them is left out. */
  readonly agents?: readonly string[];
  readonly options: CallOptions;
}
