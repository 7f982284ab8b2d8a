import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { brokerConfig, type GeneratedConfig } from '@troupe/core';
import { freePort } from '../free-port.js';
import { whereIs } from '../processes/installed.js';
import { startProcess } from '../processes/process.js';
import { waitFor } from '../wait-for.js';
import type { TestBroker, TestBrokerKind, TestBrokerOptions } from './broker.js';
import { writeBundle } from './bundle.js';
import { startServers } from './servers.js';

// Debian's /usr/sbin/rabbitmq-server becomes the user rabbitmq, who cannot read a test's keys or write to its
// folder, and takes nobody but root; the server's own script runs as whoever starts it.
const script = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const startSeconds = 120;

/** RabbitMQ with its MQTT plugin. */
export const rabbitmq: TestBrokerKind = {
  name: 'RabbitMQ',
  missing: () => (existsSync(script) && whereIs('epmd') ? undefined : 'rabbitmq-server is not installed'),
  start: (options) => startRabbitmq(options),
};

/** Starts it; `change` adds to its files what something beside Troupe needs. */
export async function startRabbitmq(
  { pki, callers, nodes, collectives, newcomers, ...options }: TestBrokerOptions,
  change: (files: GeneratedConfig['files']) => GeneratedConfig['files'] = (files) => files,
): Promise<TestBroker> {
  const own = await pki.issue('rabbitmq.lab', { ipAddresses: ['127.0.0.1'] });
  const folder = `${options.folder}/rabbitmq`;
  await mkdir(folder);
  const port = await freePort();
  const made = brokerConfig('rabbitmq', {
    port,
    ca: pki.caCertificate,
    ...own,
    callers,
    nodes,
    folder,
    ...(collectives && { collectives }),
    ...(newcomers && { newcomers }),
  });
  for (const { name, text } of change(made.files)) await writeFile(`${folder}/${name}`, text);
  await writeBundle(folder, { pki, ...(newcomers && { newcomers }) });
  const names = await freePort();
  // RabbitMQ would start Erlang's name server in the background, where it stays.
  const epmd = startProcess(whereIs('epmd') ?? 'epmd', ['-address', '127.0.0.1', '-port', `${names}`]);
  const env = environment({ folder, names, own: await freePort() });
  return startServers({
    nodeUrls: [`mqtts://127.0.0.1:${port}`],
    escape: made.escape,
    beside: [epmd],
    servers: [
      async () => {
        await waitFor('epmd', () => isOpen(names));
        const server = startProcess(script, [], { env });
        await server.waitForLine(/completed with \d+ plugins/, { timeoutSeconds: startSeconds });
        return server;
      },
    ],
  });
}

function environment({ folder, names, own }: { folder: string; names: number; own: number }) {
  return {
    HOME: folder,
    RABBITMQ_NODENAME: `troupe${own}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: '',
    RABBITMQ_DIST_PORT: `${own}`,
    ERL_EPMD_PORT: `${names}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP: `${folder}/erl_crash.dump`,
    RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
    RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_LOGS: '-',
    // Otherwise a shell waits for the server, and who kills the shell leaves the server running.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_START_ARGS: '-noinput',
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
