// Calls an action on two nodes at a time, and stops after more than one failure:
// node rollout.js AGENT ACTION [NAME=VALUE ...]
import { compiledDdl, connect, findClientConfig, loadClientConfig, resolveDdl } from '@troupe/client';

const [agent = '', action = '', ...words] = process.argv.slice(2);
const client = await connect({ config: loadClientConfig(findClientConfig()) });
try {
  // If the DDL of the agent is not on this machine, it is fetched from a node and cached.
  const ddl = await resolveDdl(client, agent, client.mainCollective);
  const texts = Object.fromEntries(words.map((word) => word.split(/=(.*)/s)));
  const input = compiledDdl(ddl).action(action)?.fromStrings(texts) ?? {};

  const call = client.call(ddl, action, input, { batch: 2, batchSleep: 0.2, maxFailures: 1 });
  for await (const { sender, state, statusmsg } of call) console.log(`${sender}: ${state}, ${statusmsg}`);
  const { stopped } = await call.stats();
  if (stopped !== undefined) {
    console.log(`stopped: ${stopped}`);
    process.exitCode = 1;
  }
} finally {
  await client.close();
}
