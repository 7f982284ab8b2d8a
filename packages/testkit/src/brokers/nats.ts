import { mkdir, writeFile } from 'node:fs/promises';
import { brokerConfig } from '@troupe/core';
import { freePort } from '../free-port.js';
import { whereIs } from '../installed.js';
import { type RunningProcess, startProcess } from '../process.js';
import type { TestBroker, TestBrokerKind, TestBrokerOptions } from './broker.js';
import { startServers } from './servers.js';

/** One NATS Server. */
export const nats: TestBrokerKind = {
  name: 'NATS',
  missing,
  start: (options) => start(options, 1),
};

/** Three NATS Servers that are one. */
export const natsCluster: TestBrokerKind = {
  name: 'NATS cluster',
  missing,
  start: (options) => start(options, 3),
};

function missing(): string | undefined {
  return whereIs('nats-server') ? undefined : 'nats-server is not installed';
}

async function start(options: TestBrokerOptions, size: number): Promise<TestBroker> {
  const { pki, callers, nodes, collectives } = options;
  const own = await pki.issue('broker.lab', { ipAddresses: ['127.0.0.1'] });
  const folder = `${options.folder}/nats-${size}`;
  await mkdir(folder);
  const ports: number[] = [];
  while (ports.length < 2 * size) ports.push(await freePort());
  const mqtt = ports.slice(0, size);
  const cluster = mqtt.map((port, index) => ({
    host: '127.0.0.1',
    port,
    routePort: ports[size + index] ?? 0,
  }));
  const made = brokerConfig('nats', {
    port: mqtt[0] ?? 0,
    ca: pki.caCertificate,
    ...own,
    callers,
    nodes,
    folder,
    ...(collectives && { collectives }),
    ...(size > 1 && { cluster }),
  });
  for (const { name, text } of made.files) await writeFile(`${folder}/${name}`, text);
  return startServers({
    nodeUrls: mqtt.map((port) => `mqtts://127.0.0.1:${port}`),
    escape: made.escape,
    servers: made.files.map(({ name }) => async () => {
      const server = startProcess(whereIs('nats-server') ?? 'nats-server', ['-c', `${folder}/${name}`]);
      await server.waitForLine('Server is ready');
      return server;
    }),
    ...(size > 1 && { ready }),
  });
}

// A server takes connections at once, and drops those with MQTT for as long as JetStream has no leader.
async function ready(servers: readonly RunningProcess[]): Promise<void> {
  await Promise.any(servers.map((server) => server.waitForLine(/JetStream cluster new metadata leader/)));
}
