import type { Client } from '@troupe/client';
import type { Ddl } from '@troupe/core';
import notifyDdl from '@troupe/ddl/notify.json' with { type: 'json' };
import provisionDdl from '@troupe/ddl/provision.json' with { type: 'json' };
import puppetcaDdl from '@troupe/ddl/puppetca.json' with { type: 'json' };
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import type { ProvisionerConfig } from '../config/config.js';
import { NodeClocks } from './node-clocks.js';
import type { Peers } from './peers.js';

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
    clocks: new NodeClocks(),
  };
}

function named<D extends Ddl>(ddl: D, name: string): D {
  return ddl.metadata.name === name ? ddl : { ...ddl, metadata: { ...ddl.metadata, name } };
}
