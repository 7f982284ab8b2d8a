import { randomInt } from 'node:crypto';
import { emptyFilter, type Filter, namedNodes } from '@troupe/core';
import type { OwnRequest } from '../connection/outgoing.js';
import type { Discovery } from '../discovery/discovery.js';
import { limited, pick } from '../discovery/share.js';
import { areFew, isUnfiltered } from '../discovery/who-answers.js';
import type { CallOptions } from './call-options.js';

/** The nodes that a call goes to. */
export interface Targets {
  readonly targets: readonly string[];
  readonly discovery?: Discovery;
  /** Whether these are all that match, so that one broadcast reaches them and no others. */
  readonly isWhole: boolean;
}

/** Up to so many nodes are asked each for itself; more are asked by one broadcast, when a filter found them. */
export const mostDirect = 10;

/** Whether a broadcast may find its own targets: nothing in the options needs to know them before they are asked. */
export function mayBroadcast(options: CallOptions): boolean {
  const { targets, discovered, source, limit, batch, discoveryTimeout, filter = emptyFilter } = options;
  const needed = [targets, discovered, source, limit, batch, discoveryTimeout, namedNodes(filter)];
  return needed.every((value) => value === undefined);
}

/** Whether a request may ask all of so many nodes that are known to be online. */
export function mayBroadcastTo({ filter = emptyFilter }: CallOptions, online: number): boolean {
  return areFew(online) || (online > 0 && isUnfiltered(filter));
}

/**
 * Whether a request may leave out the names of its filter, because it is sent to nodes that the filter names and to no
 * others. Nodes that were discovered over the network may get it as a broadcast, which reaches others too.
 */
export function mayOmitNames(options: CallOptions, filter: Filter): boolean {
  const { targets, discovered, source } = options;
  const named = namedNodes(filter);
  if (!named || source || (!targets && discovered?.method === 'broadcast')) return false;
  const names = new Set(named);
  return (targets ?? discovered?.nodes ?? []).every((identity) => names.has(identity));
}

/** A request to the nodes of a source: what the source has judged is not left to them, who may not know what it knows. */
export function narrowed(
  message: OwnRequest,
  discovery: Discovery | undefined,
  agents: readonly string[] = [],
): OwnRequest {
  return discovery?.rest ? { ...message, filter: { ...discovery.rest, agents } } : message;
}

/** Finds out whom to ask, as the options say. */
export async function targetsOf(options: CallOptions, discover: () => Promise<Discovery>): Promise<Targets> {
  if (options.targets) return { targets: limitedTo([...new Set(options.targets)], options), isWhole: false };
  const discovery = options.discovered ?? (await discover());
  if (!options.discovered) options.onDiscovered?.(discovery);
  const targets = limitedTo(discovery.nodes, options);
  const isWhole = discovery.method === 'broadcast' && targets.length === discovery.nodes.length;
  return { targets, discovery, isWhole };
}

function limitedTo(names: readonly string[], { limit, limitSeed }: CallOptions): readonly string[] {
  if (limit === undefined) return names;
  const count = limited(limit, names.length);
  return count < names.length ? pick(names, count, limitSeed ?? randomInt(2 ** 32)) : names;
}
