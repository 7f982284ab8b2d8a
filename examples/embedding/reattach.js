// Starts an action and disconnects; another client, which could be another process on another day, gets the result:
// node reattach.js NODE
import { connect, findClientConfig, loadClientConfig, resolveDdl } from '@troupe/client';

const config = loadClientConfig(findClientConfig());

async function begin(node) {
  const client = await connect({ config });
  try {
    const load = await resolveDdl(client, 'load', client.mainCollective);
    const { id } = await client.send(load, 'watch', { times: 3, pause: 0.5 }, { targets: [node] });
    return id;
  } finally {
    await client.close();
  }
}

async function end(id, node) {
  const client = await connect({ config });
  try {
    const onProgress = ({ sender, data }) => console.log(`${sender}: measured ${data.time} times`);
    const result = await client.attach(id, { targets: [node], onProgress }).one();
    console.log(`${result.sender}: ${result.state}`);
  } finally {
    await client.close();
  }
}

const [node = ''] = process.argv.slice(2);
const id = await begin(node);
console.log('sent');
await end(id, node);
