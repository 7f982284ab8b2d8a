import { ActionError, type Agent, defineAgent, Status } from '@troupe/core';
import ddl from '@troupe/ddl/discovery.json' with { type: 'json' };
import type { Node } from '../node/node.js';
import type { Job } from '../request/job.js';
import type { Jobs } from '../request/jobs.js';

/** Requests in one answer: as many as a message surely holds. */
const mostJobs = 500;

/** Answers those who look for nodes, hands out the DDLs of the node's agents, and tells a caller what is kept of its requests. */
export function discoveryAgent(node: Node, jobs: Jobs): Agent {
  return defineAgent(ddl, () => ({
    ping: () => ({}),
    ddl: ({ agent }) => {
      const loaded = node.registry.get(agent);
      if (!loaded) throw new ActionError(`agent "${agent}" not found on this node`, Status.invalidData);
      return {
        ddl: structuredClone(loaded.compiled.ddl) as unknown as Record<string, unknown>,
        hash: loaded.hash,
      };
    },
    jobs: (_, { caller, statusmsg }) => {
      const own = jobs.ofCaller(caller).filter(({ request }) => request.agent !== 'discovery');
      if (own.length > mostJobs) statusmsg(`the newest ${mostJobs} of ${own.length} requests`);
      return { now: Date.now(), jobs: own.slice(0, mostJobs).map(entryOf) };
    },
  }));
}

function entryOf({ request: { id, agent, action, collective }, startedAt, endedAt, outcome }: Job) {
  return {
    id,
    agent,
    action,
    collective,
    started: startedAt,
    ended: endedAt ?? null,
    outcome: outcome ?? null,
  };
}
