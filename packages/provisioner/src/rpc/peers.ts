import type { AgentClient, Client } from '@troupe/client';
import type notifyDdl from '@troupe/ddl/notify.json';
import type provisionDdl from '@troupe/ddl/provision.json';
import type puppetcaDdl from '@troupe/ddl/puppetca.json';
import type rpcutilDdl from '@troupe/ddl/rpcutil.json';
import type { NodeClocks } from './node-clocks.js';

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
  /** What is known of the clocks of nodes. */
  readonly clocks: NodeClocks;
}
