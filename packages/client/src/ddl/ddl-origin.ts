import type { Ddl } from '@troupe/core';

// no peer fills this: an entry lasts as long as its DDL
const origins = new WeakMap<Ddl, string>();

/** Remembers that a DDL is what a node said, be it now or when it was cached: what nodes have must be asked of each. */
export function cameFromNode(ddl: Ddl, source: string): Ddl {
  origins.set(ddl, source);
  return ddl;
}

/** Where a DDL came from that is not the caller's own: a node, or the cache of what nodes said; undefined for one from disk or from the program. */
export function originOf(ddl: Ddl): string | undefined {
  return origins.get(ddl);
}
