#!/usr/bin/env node
// node bench/puppet-runall.mjs [--nodes N …] [--concurrency N] [--seconds N] [--memory]: messages for each run of mco puppet runall.
import { runAll } from '@troupe/agent-puppetd/application';
import { spawnBroker } from '@troupe/broker';
import { clientSchema, connect } from '@troupe/client';
import { checkConfig, defineAgent, MemoryBroker, openMqtt, silentLogger } from '@troupe/core';
import puppetd from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { emulateFleet } from '@troupe/testkit';
import { orEnd, positiveNumber, readArguments, wholeNumber } from '../scripts/command-line.mjs';
import { table } from './lib/table.mjs';

const USAGE = 'Usage: node bench/puppet-runall.mjs [--nodes N …] [--concurrency N] [--seconds N] [--memory]';
const { sizes, concurrency, runSeconds, memory } = orEnd('puppet-runall', USAGE, () => {
  const { values } = readArguments({
    options: {
      nodes: { type: 'string', multiple: true, default: ['500', '1000', '2000'] },
      concurrency: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '0.5' },
      memory: { type: 'boolean', default: false },
    },
  });
  return {
    sizes: values.nodes.map((text) => wholeNumber('nodes', text)),
    concurrency: wholeNumber('concurrency', values.concurrency),
    runSeconds: positiveNumber('seconds', values.seconds),
    memory: values.memory,
  };
});

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

function configOf(urls) {
  const config = { broker: { urls }, security: { mode: 'none' }, connect_timeout: 60 };
  return checkConfig(config, clientSchema, 'the bench');
}

async function embeddedBroker() {
  const broker = await spawnBroker(
    { listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' } },
    { onLog: () => {} },
  );
  const config = configOf([broker.url]);
  const monitor = { ...config.broker, clientId: 'monitor', credentials: {}, log: silentLogger };
  return {
    address: broker.url,
    client: () => connect({ config }),
    monitor: () => openMqtt(monitor),
    stop: () => broker.stop(),
  };
}

// Without sockets: what is left is the protocol.
function memoryBroker() {
  const broker = new MemoryBroker();
  return {
    address: broker,
    client: () => connect({ config: configOf([]), transport: broker.connect() }),
    monitor: () => broker.connect(),
    stop: async () => {},
  };
}

/** Whoever publishes what: a third party counts it. What is asked or answered again, because a machine is slow, apart. */
class Tally {
  #seen = new Set();
  #counts = {};

  add(payload, topic) {
    const [, , kind] = topic.split('/');
    const { type, id, seq } = JSON.parse(
      Buffer.from(Buffer.from(payload).toString('latin1').split('.')[1] ?? '', 'base64url').toString(),
    );
    const key = `${topic} ${id} ${seq}`;
    // Who did not answer a question to all is asked by name, with the same id.
    const isAgain = type === 'attach' || this.#seen.has(key) || (kind === 'node' && this.#seen.has(id));
    this.#seen.add(key);
    if (kind === 'agent') this.#seen.add(id);
    const name = isAgain ? 'again' : { agent: 'toAll', node: 'toOne', reply: 'replies' }[kind];
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  clear() {
    this.#counts = {};
  }

  counts() {
    return { toAll: 0, toOne: 0, replies: 0, again: 0, ...this.#counts };
  }
}

async function measure(nodes) {
  most = 0;
  const broker = memory ? memoryBroker() : await embeddedBroker();
  const fleet = await emulateFleet({ instances: nodes, broker: broker.address, agents: [agent] });
  const client = await broker.client();
  const monitor = broker.monitor();
  const tally = new Tally();
  for (const kind of ['agent', 'node', 'reply'])
    await monitor.subscribe(`mco/mcollective/${kind}/#`, (payload, topic) => tally.add(payload, topic));
  try {
    // What is retained comes at once with the subscription.
    await client.presence();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    tally.clear();
    const { ok, seconds } = await runAll(client, { concurrency }).stats();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return { nodes, ok: ok.length, most, seconds, ...tally.counts() };
  } finally {
    await monitor.close();
    await client.close();
    await fleet.close();
    await broker.stop();
  }
}

const rows = [];
for (const nodes of sizes) {
  const { ok, toAll, toOne, replies, again, seconds, ...result } = await measure(nodes);
  const perRun = ((toAll + toOne + replies) / ok).toFixed(2);
  rows.push([nodes, ok, result.most, toAll, toOne, replies, perRun, again, seconds.toFixed(1)]);
}
console.log(
  table(
    `mco puppet runall ${concurrency}, each run ${runSeconds} s`,
    ['nodes', 'ran', 'at a time', 'to all', 'to one', 'replies', 'for each run', 'repeated', 'seconds'],
    rows,
  ),
);
process.exit();
