import { AsyncLocalStorage } from 'node:async_hooks';

const agents = new AsyncLocalStorage<string | undefined>();

/** Does an agent's work: exceptions that nothing catches, now or in what it leaves behind, count as this agent's. */
export function inAgent<T>(name: string, work: () => T): T {
  return agents.run(name, work);
}

/** Does the daemon's own work when an agent asks for it. */
export function outsideAgents<T>(work: () => T): T {
  return agents.run(undefined, work);
}

/** The agent whose work this is; nothing if it is the daemon's own. */
export function agentAtWork(): string | undefined {
  return agents.getStore();
}
