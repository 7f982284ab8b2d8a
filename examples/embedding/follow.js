// Prints nodes that join and leave, until Ctrl-C: node follow.js
import { connect, findClientConfig, loadClientConfig } from '@troupe/client';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const client = await connect({ config: loadClientConfig(findClientConfig()) });
for await (const { kind, identity, isKnown } of client.nodes({ signal: stop.signal })) {
  console.log(`${identity} ${kind === 'leave' ? 'left' : isKnown ? 'is online' : 'joined'}`);
}
await client.close();
