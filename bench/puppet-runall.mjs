#!/usr/bin/env node
// node bench/puppet-runall.mjs [--nodes N …] [--concurrency N] [--seconds N]: messages for each run of mco puppet runall.
import { parseArgs } from 'node:util';
import { runAll } from '@troupe/agent-puppetd/application';
import { spawnBroker } from '@troupe/broker';
import { clientSchema, connect } from '@troupe/client';
import { checkConfig, defineAgent, openMqtt, silentLogger } from '@troupe/core';
import puppetd from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { emulateFleet } from '@troupe/testkit';
import { table } from './lib/table.mjs';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', multiple: true, default: ['500', '1000', '2000'] },
    concurrency: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '0.5' },
  },
});
const concurrency = Number(values.concurrency);
const runSeconds = Number(values.seconds);

/** Runs at a time, as the nodes themselves count them. */
let now = 0;
let most = 0;

// Plays Puppet: a run takes its time, and nothing else.
const agent = defineAgent(puppetd, () => ({
  status: () => ({ enabled: true, applying: false, status: 'stopped', message: 'stopped', lastrun: 0 }),
  runonce: async (_, { requestId }) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, runSeconds * 1000));
    now -= 1;
    const initiated_at = Math.floor(Date.now() / 1000);
    return { outcome: 'unchanged', run_id: requestId, initiated_at, summary: 'nothing to change' };
  },
  follow: () => ({}),
  enable: () => ({ enabled: true }),
  disable: () => ({ enabled: false }),
  last_run_summary: () => ({}),
  resource: () => ({}),
}));

async function measure(nodes) {
  most = 0;
  const broker = await spawnBroker(
    { listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' } },
    { onLog: () => {} },
  );
  const fleet = await emulateFleet({ instances: nodes, broker: broker.url, agents: [agent] });
  const config = checkConfig(
    { broker: { urls: [broker.url] }, security: { mode: 'none' }, connect_timeout: 60 },
    clientSchema,
    'the bench',
  );
  const client = await connect({ config });
  // Whoever publishes what: a third party that hears every topic.
  const monitor = openMqtt({
    ...config.broker,
    clientId: 'monitor',
    credentials: {},
    timeout: 60,
    log: silentLogger,
  });
  const heard = {};
  await monitor.subscribe('mco/#', (_, topic) => {
    const [, , kind] = topic.split('/');
    heard[kind] = (heard[kind] ?? 0) + 1;
  });
  try {
    // What is retained comes at once with the subscription.
    await client.presence();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (const kind of Object.keys(heard)) delete heard[kind];
    const { ok, seconds } = await runAll(client, { concurrency }).stats();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const all = Object.values(heard).reduce((sum, count) => sum + count, 0);
    return { nodes, ok: ok.length, most, heard: { ...heard }, perRun: all / ok.length, seconds };
  } finally {
    await monitor.close();
    await client.close();
    await fleet.close();
    await broker.stop();
  }
}

const rows = [];
for (const nodes of values.nodes.map(Number)) {
  const { ok, heard, perRun, seconds, ...result } = await measure(nodes);
  const { agent: broadcast = 0, node: orders = 0, reply: replies = 0 } = heard;
  rows.push([nodes, ok, result.most, broadcast, orders, replies, perRun.toFixed(2), seconds.toFixed(1)]);
  console.error(`${nodes} nodes: ${perRun.toFixed(2)} messages for each run`);
}
console.log(
  table(
    `mco puppet runall ${concurrency}, each run ${runSeconds} s`,
    ['nodes', 'ran', 'at a time', 'to all', 'to one', 'replies', 'for each run', 'seconds'],
    rows,
  ),
);
process.exit();
