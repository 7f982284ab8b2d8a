import { randomInt } from 'node:crypto';
import { type Discovery, limited, pick } from '@troupe/client';
import { emptyFilter, type Filter, matches, parseFilter } from '@troupe/core';
import type { DiscoveryOptions, FilterOptions, LimitOptions } from '../command-line/options.js';
import { UsageError } from '../failure.js';
import { checkMethod } from './discovery-method.js';
import { readNodes } from './nodes-list.js';

/** The nodes that a command goes to. */
export interface Found extends Discovery {
  /** How many there were before `--limit`, where that left some out. */
  readonly before?: number;
  /** With this `--limit-seed` the same nodes are picked. */
  readonly seed?: number;
}

/** The filter of the options, including the names of --nodes. Throws FILTER_INVALID and UsageError. */
export async function selectionOf(options: FilterOptions & DiscoveryOptions): Promise<Filter> {
  checkMethod(options);
  const filter = filterOf(options);
  if (options.nodes === undefined) return filter;
  const listed = await readNodes(options.nodes);
  const identities = await matching(listed, filter.identities);
  // An empty list would be the filter that every node matches.
  if (identities.length === 0) throw new UsageError(`-I matches no node in --nodes ${options.nodes}`);
  return { ...filter, identities };
}

/** The filter that the options describe. Throws FILTER_INVALID, which names the word. */
export function filterOf(options: FilterOptions): Filter {
  const both = (long?: readonly string[], short?: readonly string[]) => [...(long ?? []), ...(short ?? [])];
  return parseFilter({
    facts: both(options.withFact, options.wf),
    classes: both(options.withClass, options.wc),
    agents: both(options.withAgent, options.wa),
    identities: both(options.withIdentity, options.wi),
    with: options.with ?? [],
    select: options.select ?? [],
  });
}

/** As many of the nodes that were found as the options let through. */
export function picked(discovery: Discovery, options: LimitOptions): Found {
  const { nodes } = discovery;
  const limit = options.one ? 1 : (options.limit ?? options.limitNodes);
  const count = limit === undefined ? nodes.length : limited(limit, nodes.length);
  if (count >= nodes.length) return discovery;
  const seed = options.limitSeed ?? randomInt(1_000_000);
  const chosen = { ...discovery, nodes: pick(nodes, count, seed), before: nodes.length };
  return options.one ? chosen : { ...chosen, seed };
}

async function matching(names: readonly string[], identities: readonly string[]): Promise<readonly string[]> {
  if (identities.length === 0) return names;
  const filter = { ...emptyFilter, identities };
  const fits = await Promise.all(
    names.map((identity) => matches(filter, { identity, facts: {}, classes: [], agents: [] })),
  );
  return names.filter((_, index) => fits[index]);
}
