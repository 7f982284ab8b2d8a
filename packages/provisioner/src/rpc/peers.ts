import type { AgentClient, Client } from '@troupe/client';
import type { Ddl } from '@troupe/core';
import notifyDdl from '@troupe/ddl/notify.json' with { type: 'json' };
import provisionDdl from '@troupe/ddl/provision.json' with { type: 'json' };
import puppetcaDdl from '@troupe/ddl/puppetca.json' with { type: 'json' };
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import type { ProvisionerConfig } from '../config/config.js';

export type ProvisionAgent = AgentClient<typeof provisionDdl>;

/** The agents that a provisioner calls, and where. */
export interface Peers {
  readonly client: Client;
  /** The collective of machines that have no certificate yet. */
  readonly enrolment: string;
  readonly main: string;
  readonly provision: ProvisionAgent;
  readonly puppetca: AgentClient<typeof puppetcaDdl>;
  readonly notify: AgentClient<typeof notifyDdl>;
  readonly rpcutil: AgentClient<typeof rpcutilDdl>;
}

/** The agents under the names that the configuration gives them. */
export function peersOf(
  client: Client,
  config: Pick<ProvisionerConfig, 'collectives' | 'target' | 'master' | 'notify'>,
): Peers {
  return {
    client,
    ...config.collectives,
    provision: client.agent(named(provisionDdl, config.target.agent)),
    puppetca: client.agent(named(puppetcaDdl, config.master.agent)),
    notify: client.agent(named(notifyDdl, config.notify.agent)),
    rpcutil: client.agent(rpcutilDdl),
  };
}

function named<D extends Ddl>(ddl: D, name: string): D {
  return ddl.metadata.name === name ? ddl : { ...ddl, metadata: { ...ddl.metadata, name } };
}
