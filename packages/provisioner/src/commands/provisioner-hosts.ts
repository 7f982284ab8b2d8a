import type { Client } from '@troupe/client';
import { emptyFilter } from '@troupe/core';
import provisionerDdl from '@troupe/ddl/provisioner.json' with { type: 'json' };

/** The hosts that run the agent of a provisioner. */
export async function provisionerHosts(client: Client, collective: string): Promise<readonly string[]> {
  const filter = { ...emptyFilter, agents: [provisionerDdl.metadata.name] };
  return (await client.discover({ collective, filter })).nodes;
}
