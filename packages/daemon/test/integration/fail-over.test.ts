import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectMqtt, openMqtt, silentLogger, type Transport } from '@troupe/core';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import mqtt, { type Packet } from 'mqtt-packet';
import { root } from '../agents/integration/lab.js';

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

// Grants subscriptions up to this QoS, refuses others, and ends the connection of who asks for this filter.
async function brokerThatTakes(most: number, forbidden?: string) {
  let refused = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    const parser = mqtt.parser();
    socket.on('data', (bytes) => parser.parse(bytes));
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') {
        const returnCode = packet.protocolVersion === 4 ? 0 : 1;
        socket.write(mqtt.generate({ cmd: 'connack', returnCode, sessionPresent: false }));
      } else if (packet.cmd === 'subscribe') {
        if (packet.subscriptions.some(({ topic: filter }) => filter === forbidden)) {
          refused += 1;
          socket.destroy();
          return;
        }
        const granted = packet.subscriptions.map(({ qos }) => (qos > most ? 128 : qos));
        refused += granted.filter((qos) => qos === 128).length;
        const { messageId = 0 } = packet;
        socket.write(mqtt.generate({ cmd: 'suback', messageId, granted }));
      }
    });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as { port: number };
  return {
    url: `mqtt://127.0.0.1:${port}`,
    refused: () => refused,
    open: () => listen(port),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
    const received: string[] = [];
    await transport.subscribe(topic, (payload) => received.push(Buffer.from(payload).toString()));
    await until('it is connected', () => transport?.link?.connected === true);
    expect(transport.link?.url).to.equal(urls[1]);
    await start(urls[2]);
    await stop(second);
    await until(
      'it is connected again',
      () => transport?.link?.connected === true && transport.link.url === urls[2],
    );
    await transport.publish(topic, Buffer.from('hello'));
    await until('its subscription stands', () => received.length === 1);
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

  it('tries again as soon as told', async () => {
    let refusals = 0;
    const log = { ...silentLogger, warn: () => (refusals += 1) } as typeof silentLogger;
    // Otherwise the tenth try would come after minutes.
    transport = openMqtt({ ...options(log), urls: urls.slice(0, 1), longestDelay: 50 });
    await until('it tried ten times', () => refusals >= 10);
  });

  it('subscribes at QoS 0, at which no broker keeps only a part of what it delivers', async () => {
    const broker = await brokerThatTakes(0);
    transport = await connectMqtt({ ...options(), urls: [broker.url], timeout: 5 });
    await transport.subscribe(topic, () => {});
    await broker.close();
    await until('it is lost', () => transport?.link?.connected === false);
    await broker.open();
    await until('it is connected again', () => transport?.link?.connected === true);
    expect(broker.refused()).to.equal(0);
    await broker.close();
  });

  for (const when of ['before', 'after'] as const)
    it(`does without an optional subscription for which the broker ends the connection, made ${when} it connects`, async () => {
      const broker = await brokerThatTakes(0, 'optional');
      if (when === 'before') await broker.close();
      transport = openMqtt({ ...options(), urls: [broker.url] });
      await transport.subscribe(topic, () => {});
      if (when === 'after') await until('it is connected', () => transport?.link?.connected === true);
      await transport.subscribe('optional', () => {}, { isOptional: true });
      if (when === 'before') await broker.open();
      await until('it has tried', () => broker.refused() === 1);
      await until('it is connected again', () => transport?.link?.connected === true);
      expect(broker.refused()).to.equal(1);
      await broker.close();
    });

  it('logs an error if the broker refuses every subscription', async () => {
    const broker = await brokerThatTakes(-1);
    transport = await connectMqtt({ ...options(), urls: [broker.url], timeout: 5 });
    const { code, message } = await transport.subscribe(topic, () => {}).catch((error) => error);
    expect([code, message]).to.deep.equal([
      'BROKER_REFUSED',
      `the broker refused the subscription to ${topic}`,
    ]);
    expect(broker.refused()).to.equal(1);
    await broker.close();
  });

  it('names each broker once when none answers in time', async () => {
    const { message } = await connectMqtt({ ...options(), urls: urls.slice(0, 1), timeout: 1 }).catch(
      (error) => error,
    );
    expect(message.split(urls[0] ?? '')).to.have.length(2);
    expect(message).to.match(/^could not connect to any broker within 1 s: mqtt:.*ECONNREFUSED/);
    const both = await connectMqtt({ ...options(), timeout: 1 }).catch((error) => error);
    expect(both.message).to.include(`within 1 s: ${urls.join(', ')}; last error: mqtt://`);
  });
});
