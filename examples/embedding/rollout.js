// Calls an action two nodes at a time, and stops when more than one did not end well:
// node rollout.js AGENT ACTION [NAME=VALUE ...]
import { compiledDdl, connect, findClientConfig, loadClientConfig, resolveDdl } from '@troupe/client';

const [agent = '', action = '', ...words] = process.argv.slice(2);
const client = await connect({ config: loadClientConfig(findClientConfig()) });
try {
  // The DDL of an agent that is not on this machine is fetched from a node, and kept.
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
