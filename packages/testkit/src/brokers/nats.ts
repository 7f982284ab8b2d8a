import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { brokerConfig, connectMqtt, silentLogger } from '@troupe/core';
import { freePort } from '../free-port.js';
import type { IssuedCertificate } from '../network/network-pki.js';
import { whereIs } from '../processes/installed.js';
import { startProcess } from '../processes/process.js';
import type { TestBroker, TestBrokerKind, TestBrokerOptions } from './broker.js';
import { writeBundle } from './bundle.js';
import { startServers } from './servers.js';

const account = 'nats.lab';

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
  const { pki, callers, nodes, collectives, newcomers } = options;
  const own = await pki.issue(account, { ipAddresses: ['127.0.0.1'] });
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
    // The server's own certificate is the account that asks whether it is ready.
    nodes: [...nodes, account],
    folder,
    ...(collectives && { collectives }),
    ...(newcomers && { newcomers }),
    ...(size > 1 && { cluster }),
  });
  for (const { name, text } of made.files) await writeFile(`${folder}/${name}`, text);
  await writeBundle(folder, options);
  const urls = mqtt.map((port) => `mqtts://127.0.0.1:${port}`);
  return startServers({
    nodeUrls: urls,
    escape: made.escape,
    servers: made.files
      .filter(({ name }) => name.endsWith('.conf'))
      .map(({ name }) => async () => {
        const server = startProcess(whereIs('nats-server') ?? 'nats-server', ['-c', `${folder}/${name}`]);
        await server.waitForLine('Server is ready');
        return server;
      }),
    ...(size > 1 && { ready: () => allTake(urls, { ca: pki.caCertificate, ...own }) }),
  });
}

// A server listens at once, and refuses everybody for as long as it has not found the others.
async function allTake(urls: readonly string[], files: IssuedCertificate & { ca: string }): Promise<void> {
  const read = (file: string) => readFile(file, 'utf8');
  const tls = {
    ca: [await read(files.ca)],
    certificate: await read(files.certificate),
    key: await read(files.key),
  };
  for (const url of urls) {
    const options = { urls: [url], clientId: account, keepalive: 30, credentials: { tls } };
    const transport = await connectMqtt({ ...options, log: silentLogger, timeout: 60 });
    await transport.close();
  }
}
