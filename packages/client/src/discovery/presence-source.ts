import { TroupeError } from '@troupe/core';
import type { PresenceView } from '../presence/presence-view.js';
import { ofIdentity } from './known-nodes.js';
import type { NodeSource } from './node-source.js';

/**
 * The nodes that the broker knows to be online, without asking them; what a filter says of them beside their names is
 * left to them. Throws DISCOVERY_FAILED where the broker does not tell who is there.
 */
export function onlineNodes(presence: (collective: string) => Promise<PresenceView>): NodeSource {
  return {
    name: 'presence',
    find: async ({ filter, collective }) => {
      const view = await presence(collective);
      const online = view.online();
      if (online.length + view.offline().length === 0)
        throw new TroupeError(
          'DISCOVERY_FAILED',
          `no node is known in the collective "${collective}": no node has connected, or the broker does not keep retained messages`,
        );
      const nodes = online.map((identity) => ({ identity }));
      return { nodes: await ofIdentity(nodes, filter), rest: { ...filter, identities: [] } };
    },
  };
}
