import { emulateFleet, waitFor } from '@troupe/testkit';
import { connect as connectMqtt } from 'mqtt';
import { ratio, timed } from '../lib/figures.mjs';
import { openFileLimit, round, usageOf } from '../lib/machine.mjs';
import { Site } from '../lib/site.mjs';

export const about = 'broker killed and restarted: time until all nodes are reconnected and present';

/** Baseline: as many bare MQTT.js clients that come back after a second. */
export async function run({ brokers, stormNodes, keyTypes, tls }, note) {
  const nodes = Math.min(stormNodes, openFileLimit() - 500);
  const results = [];
  for (const broker of [...brokers].reverse()) {
    const site = await Site.open({ broker, tls, keyType: keyTypes[0] });
    try {
      const bare = tls ? undefined : await bareStorm(site, nodes);
      results.push({ broker, tls, nodes, bare, ...(await storm(site, nodes)) });
      note({ tables: [tableOf(results)], results });
    } finally {
      await site.close();
    }
  }
  return { tables: [tableOf(results)], results };
}

async function storm(site, nodes) {
  const fleet = await emulateFleet({
    instances: nodes,
    broker: site.broker.url,
    security: { mode: 'x509', pki: site.pki, keyType: site.keyType },
    timeoutSeconds: 600,
  });
  try {
    const client = await site.client();
    const presence = await client.presence();
    const online = () => presence.online().length;
    await waitFor('presence of all', () => online() === nodes, { timeoutSeconds: 120 });
    const before = fleet.nodes.map(({ connections }) => connections);
    const isBack = (node, index) => node.connections > before[index] && node.isConnected;
    const cpu = process.cpuUsage();
    // Of those who come back, for how many the record that the new broker has is that they are online.
    const records = new Map();
    const stop = presence.onChange(({ identity, online }) => records.set(identity, online));
    const down = await timed(() => site.broker.restart());
    const start = performance.now();
    const marks = {};
    for (const share of [0.5, 0.9, 1]) {
      await waitFor(
        `${share * 100} % of the nodes`,
        () => fleet.nodes.filter(isBack).length >= share * nodes,
        {
          timeoutSeconds: 300,
          intervalMs: 20,
        },
      );
      marks[share] = (performance.now() - start) / 1000;
    }
    await waitFor('presence', () => [...records.values()].filter(Boolean).length === nodes, {
      timeoutSeconds: 120,
    });
    const present = (performance.now() - start) / 1000;
    stop();
    const { user, system } = process.cpuUsage(cpu);
    return {
      restartSeconds: round(down / 1000),
      halfSeconds: round(marks[0.5]),
      mostSeconds: round(marks[0.9]),
      allSeconds: round(marks[1]),
      presenceSeconds: round(present),
      nodesCpuSeconds: round((user + system) / 1e6),
      brokerCpuSeconds: round(usageOf(site.broker.pid).cpuMs / 1000),
    };
  } finally {
    await fleet.close();
  }
}

async function bareStorm(site, nodes) {
  let subscribed = 0;
  const clients = [];
  for (let index = 0; index < nodes; index += 1) {
    const client = connectMqtt(site.broker.url, {
      protocolVersion: 4,
      clientId: `bare-${index}.fleet`,
      reconnectPeriod: 1000,
      resubscribe: false,
    });
    client.on('error', () => undefined);
    client.on('connect', () => {
      const topics = ['mco/mcollective/agent/bare', `mco/mcollective/node/bare-${index}.fleet`];
      client.subscribe(topics, { qos: 0 }, (error) => {
        if (!error) subscribed += 1;
      });
    });
    clients.push(client);
    if (index % 50 === 49)
      await waitFor('bare clients', () => subscribed > index - 50, { timeoutSeconds: 60, intervalMs: 5 });
  }
  await waitFor('bare clients', () => subscribed === nodes, { timeoutSeconds: 120 });
  subscribed = 0;
  await site.broker.restart();
  const seconds =
    (await timed(() =>
      waitFor('bare clients', () => subscribed >= nodes, { timeoutSeconds: 300, intervalMs: 20 }),
    )) / 1000;
  for (const client of clients) client.end(true);
  return round(seconds);
}

function tableOf(results) {
  return {
    title: 'Recovery after the broker is killed, in seconds after its port is open again',
    head: [
      'broker, nodes',
      'bare: all',
      'half',
      '90 %',
      'all',
      'vs bare',
      'presence',
      'CPU s: nodes',
      'broker',
    ],
    rows: results.map((result) => [
      `${result.broker}${result.tls ? ', TLS' : ''}, ${result.nodes}`,
      result.bare ?? '-',
      result.halfSeconds,
      result.mostSeconds,
      result.allSeconds,
      result.bare ? ratio(result.allSeconds, result.bare) : '-',
      result.presenceSeconds,
      result.nodesCpuSeconds,
      result.brokerCpuSeconds,
    ]),
  };
}
