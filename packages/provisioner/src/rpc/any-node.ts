import type { Peers } from './peers.js';

/** A random node of the main collective that has an agent, to spread the load; undefined if none replies. */
export async function anyNodeWith(
  agent: string,
  { client, main: collective }: Pick<Peers, 'client' | 'main'>,
): Promise<string | undefined> {
  const { nodes } = await client.discover({ collective, filter: client.filter({ agents: [agent] }) });
  return nodes[Math.floor(Math.random() * nodes.length)];
}
