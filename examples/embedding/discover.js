// Finds nodes by a fact and calls an action that every node has: node discover.js [FACT=VALUE ...]
import { connect, findClientConfig, loadClientConfig } from '@troupe/client';
import { parseFilter } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };

const client = await connect({ config: loadClientConfig(findClientConfig()) });
try {
  const filter = parseFilter({ facts: process.argv.slice(2) });
  const found = await client.discover({ filter });
  console.log(`${found.nodes.length} found, ${found.silent.length} silent, ${found.offline.length} offline`);

  // The discovery result is passed on, so nodes are not discovered twice. Editors complete actions and inputs from the DDL.
  const call = client.agent(rpcutil).get_fact({ fact: 'kernel' }, { filter, discovered: found });
  for await (const { sender, ok, state, statusmsg, data } of call) {
    console.log(`${sender}: ${ok ? data.value : `${state}, ${statusmsg}`}`);
  }
  const { ok, targets } = await call.stats();
  console.log(`${ok} of ${targets} are ok`);
} finally {
  await client.close();
}
