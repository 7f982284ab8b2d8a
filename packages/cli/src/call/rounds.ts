import { type Filter, namedNodes } from '@troupe/core';
import type { DiscoveryOptions, VolumeOptions } from '../command-line/options.js';
import { hasSource } from './discovery-method.js';

/**
 * The one place which decides whether a call takes two rounds, a discovery and then the request to those that were
 * found, or one: the request goes to all nodes, and those that match run it and reply. Two where the command has
 * something to do with the nodes before they are called, where they are named or come from a source, where only some of
 * those that match are meant, or not all of them at once. Otherwise the library is asked to make it one round; it looks
 * for nodes all the same where presence does not say whom to wait for, or too many are online.
 */
export function areToBeFound(
  filter: Filter,
  options: DiscoveryOptions & VolumeOptions,
  isNeededBefore: boolean,
): boolean {
  const { limit, limitNodes, one, batch, discoveryTimeout } = options;
  const needed = [limit, limitNodes, one, batch, discoveryTimeout, namedNodes(filter)];
  return isNeededBefore || hasSource(options) || needed.some((value) => value !== undefined);
}
