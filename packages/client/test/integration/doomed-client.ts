// A client that calls `held#hold` and tells what it hears, until somebody kills it: CONFIG GATE NOTES NODE...
import { connect, loadClientConfig } from '@troupe/client';
import { heldDdl } from './held-agent.js';

const [config = '', gate = '', notes = '', ...targets] = process.argv.slice(2);
const client = await connect({ config: loadClientConfig(config) });
const call = client.call(
  heldDdl,
  'hold',
  { gate, notes },
  { targets, onProgress: ({ sender, data }) => console.log(`${sender} ${data}`) },
);
console.log(`id ${call.id}`);
for await (const { sender, state } of call) console.log(`${sender} ended: ${state}`);
await client.close();
