import ddl from '@troupe/ddl/discovery.json' with { type: 'json' };
import type { Node } from '../daemon/node.js';
import { ActionError, Status } from '../errors.js';
import { type Agent, defineAgent } from './agent.js';

/** Answers those who look for nodes, and hands out the DDLs of the node's agents. */
export function discoveryAgent(node: Node): Agent {
  return defineAgent(ddl, () => ({
    ping: () => ({}),
    ddl: ({ agent }) => {
      const loaded = node.registry.get(agent);
      if (!loaded) throw new ActionError(`there is no agent "${agent}" here`, Status.invalidData);
      return {
        ddl: structuredClone(loaded.compiled.ddl) as unknown as Record<string, unknown>,
        hash: loaded.hash,
      };
    },
  }));
}
