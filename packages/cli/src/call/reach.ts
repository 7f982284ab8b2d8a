import {
  type Client,
  type ClientConfig,
  type Discovery,
  type EarlierNodes,
  isUnfiltered,
} from '@troupe/client';
import type { Filter } from '@troupe/core';
import type { Screen } from '../terminal/screen.js';
import { earlierNodes, rememberNodes } from './node-cache.js';

/** The nodes that replied to earlier commands, for `connect`. */
export function earlierIn(config: ClientConfig): EarlierNodes {
  return (collective) => (isFollowed(config, collective) ? earlierNodes(config, collective) : undefined);
}

/** Keeps the nodes that a command has seen. */
export function remember(client: Client, collective: string, filter: Filter, found: Discovery): void {
  if (found.method === 'named') return;
  const { nodes, silent, refused, offline } = found;
  rememberNodes(client.config, collective, {
    alive: [...new Set([...nodes, ...silent, ...refused.map(({ sender }) => sender)])],
    offline,
    isWhole: isUnfiltered(filter),
  });
}

/**
 * Says so if this account has called no node before, so that nodes which are out of reach cannot be named: with brokers that
 * do not know the nodes of other regions.
 */
export function noteUnknownReach(screen: Screen, client: Client, collective: string, found: Discovery): void {
  const { broker, topics } = client.config;
  const isRegional = topics.escape || broker.urls.length > 1;
  if (found.method === 'named' || found.unreachable || !isRegional || !isFollowed(client.config, collective))
    return;
  if (earlierNodes(client.config, collective) !== undefined) return;
  screen.note(
    `mco: no earlier call in the collective "${collective}" is known here: if a region is cut off, its nodes are missing without notice; later calls name them`,
  );
}

// Machines that enrol leave their collective for good.
function isFollowed({ collectives }: ClientConfig, collective: string): boolean {
  return collectives.includes(collective);
}
