import type { Peers } from './peers.js';

/** Any node of the main collective that has an agent, so that none has to do all the work; nothing where none answers. */
export async function anyNodeWith(
  agent: string,
  { client, main: collective }: Pick<Peers, 'client' | 'main'>,
): Promise<string | undefined> {
  const { nodes } = await client.discover({ collective, filter: client.filter({ agents: [agent] }) });
  return nodes[Math.floor(Math.random() * nodes.length)];
}
