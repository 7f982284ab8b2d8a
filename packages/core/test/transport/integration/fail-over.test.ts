import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { silentLogger } from '../../../src/log.js';
import { connectMqtt, openMqtt } from '../../../src/transport/mqtt.js';
import type { Transport } from '../../../src/transport/transport.js';
import { root } from '../../agent/integration/lab.js';
import { until } from '../../until.js';

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

const topic = 'mco/mcollective/node/node';

describe('a connection with a list of brokers', () => {
  const running: ChildProcess[] = [];
  let urls: string[];
  let transport: Transport | undefined;
  beforeEach(async () => {
    urls = (await freePorts(3)).map((port) => `mqtt://127.0.0.1:${port}`);
  });
  afterEach(async () => {
    await transport?.close();
    transport = undefined;
    for (const broker of running.splice(0)) await stop(broker);
  });

  async function start(url: string | undefined): Promise<ChildProcess> {
    const broker = spawn(process.execPath, [
      join(root, 'packages/broker/bin/troupe-broker.js'),
      '--config',
      '-',
    ]);
    running.push(broker);
    const config = { listen: [url], security: { mode: 'none' }, log: { level: 'error' } };
    broker.stdin.write(`${JSON.stringify(config)}\n`);
    await once(createInterface({ input: broker.stdout }), 'line');
    return broker;
  }

  async function stop(broker: ChildProcess): Promise<void> {
    if (broker.exitCode !== null || broker.signalCode !== null) return;
    broker.kill('SIGKILL');
    await once(broker, 'exit');
  }

  const options = (log = silentLogger) => ({ urls, clientId: 'node', credentials: {}, keepalive: 30, log });

  it('takes the first that answers, and goes to the next when that one is gone; what it hears stays', async () => {
    const second = await start(urls[1]);
    transport = openMqtt(options());
    const heard: string[] = [];
    await transport.subscribe(topic, (payload) => heard.push(Buffer.from(payload).toString()));
    await until('it is connected', () => transport?.link?.connected === true);
    expect(transport.link?.url).to.equal(urls[1]);
    await start(urls[2]);
    await stop(second);
    await until(
      'it is connected again',
      () => transport?.link?.connected === true && transport.link.url === urls[2],
    );
    await transport.publish(topic, Buffer.from('hello'));
    await until('its subscription stands', () => heard.length === 1);
  });

  it('goes on trying without a limit, and says why it is not connected', async () => {
    let refusals = 0;
    const log = { ...silentLogger, warn: () => (refusals += 1) } as typeof silentLogger;
    transport = openMqtt({ ...options(log), urls: urls.slice(0, 1) });
    await until('it tried four times', () => refusals >= 4);
    expect(transport.link).to.include({ connected: false });
    expect(transport.link?.reason).to.match(/^mqtt:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    await start(urls[0]);
    await until('it is connected', () => transport?.link?.connected === true);
  });

  it('names each broker once when none answers in time', async () => {
    const { message } = await connectMqtt({ ...options(), urls: urls.slice(0, 1), timeout: 1 }).catch(
      (error) => error,
    );
    expect(message.split(urls[0] ?? '')).to.have.length(2);
    expect(message).to.match(/^no broker took us within 1 s: mqtt:.*ECONNREFUSED/);
    const both = await connectMqtt({ ...options(), timeout: 1 }).catch((error) => error);
    expect(both.message).to.include(`within 1 s: ${urls.join(', ')}; the last one: mqtt://`);
  });
});
