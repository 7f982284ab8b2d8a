// Bare MQTT.js clients, each subscribed to a topic of all and one of its own, that answer at once: what Troupe's nodes
// would cost if they did nothing but that. Ends with its standard input.
import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';

const { url, instances, replyBytes, ca, certificate, key } = JSON.parse(process.argv[2]);
const tls =
  ca === undefined ? {} : { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(key) };
const padding = 'x'.repeat(Math.max(0, replyBytes - 60));
const clients = [];

async function start(index) {
  const identity = ca === undefined ? `bare-${index}.fleet` : 'bare.bench';
  const client = await connectAsync(url, {
    ...tls,
    clientId: ca === undefined ? identity : `${identity}:${index}`,
    protocolVersion: 4,
    reconnectPeriod: 1000,
  });
  client.stream.setNoDelay(true);
  const answers = `mco/mcollective/reply/requester.mcollective/bare/${identity}`;
  client.on('message', (_topic, payload) => {
    const { id } = JSON.parse(payload);
    client.publish(answers, JSON.stringify({ id, sender: index, padding }), { qos: 0 });
  });
  const own = ca === undefined ? `mco/mcollective/node/${identity}` : 'mco/mcollective/node/bare.bench';
  await client.subscribeAsync(['mco/mcollective/agent/bare', own], { qos: 0 });
  clients.push(client);
}

for (let first = 1; first <= instances; first += 50) {
  const batch = Math.min(50, instances - first + 1);
  await Promise.all(Array.from({ length: batch }, (_, offset) => start(first + offset)));
}
console.log(`ready ${clients.length}`);
process.stdin.once('end', () => process.exit(0)).resume();
