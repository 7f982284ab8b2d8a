// A broker, a daemon and a client in one program; each of them can also be used alone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnBroker } from '@troupe/broker';
import { clientSchema, connect } from '@troupe/client';
import { checkConfig, silentLogger } from '@troupe/core';
import { parseDaemonConfig, startDaemon } from '@troupe/daemon';
import agent from '../agent-javascript/load.js';

const folder = await mkdtemp(join(tmpdir(), 'embedding-'));

// The broker is a child process: a fan-out must not compete with the program for its only thread.
const broker = await spawnBroker({
  listen: ['mqtt://127.0.0.1:0'],
  security: { mode: 'none' },
  log: { level: 'warn' },
});

const network = { broker: { urls: [broker.url] }, security: { mode: 'none' } };
const daemon = await startDaemon({
  config: parseDaemonConfig(
    JSON.stringify({ ...network, identity: 'embedded.example.net', state_dir: join(folder, 'state') }),
  ),
  configFile: import.meta.filename,
  log: silentLogger,
  agents: [agent],
});

const client = await connect({ config: checkConfig(network, clientSchema, 'embedding.js') });
const filter = client.filter({ agents: ['load'] });
for await (const result of client.agent(agent.ddl).average({}, { filter })) {
  console.log(`${result.sender}: ${result.state}, ${result.data.processors} processors`);
}

await client.close();
await daemon.close();
await broker.stop();
await rm(folder, { recursive: true });
