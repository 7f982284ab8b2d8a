import { parseFact } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { median, ratio, spread, timed } from '../lib/figures.mjs';
import { freeMiB, openFileLimit, round, usageOf } from '../lib/machine.mjs';
import { sampleReply, sampleRequest, sizeOf } from '../lib/messages.mjs';
import { Site } from '../lib/site.mjs';

export const about =
  'broadcast to emulated nodes until the last reply, discovery with a fact filter, growth with N';

/** What one emulated node needs at the very most, for the decision whether N of them may be tried. */
const mibPerNode = 0.4;
/** More than so many are measured with one broker and one kind of key. */
const most = 2000;

/** Baseline: as many bare MQTT.js clients, in one process too, that answer a broadcast with JSON of the same length. */
export async function run({ brokers, sizes, rounds, keyTypes, tls }, note) {
  const results = [];
  const skipped = [];
  for (const broker of brokers) {
    for (const nodes of sizes) {
      for (const keyType of keyTypes) {
        const obstacle = obstacleTo(nodes) ?? tooMuch({ broker, brokers, nodes, keyType, keyTypes });
        if (obstacle) skipped.push(`${nodes} nodes with ${keyType} keys on ${broker}: ${obstacle}`);
        else {
          const times = nodes > most ? 1 : rounds;
          results.push(await measure({ broker, keyType, nodes, rounds: times, tls }));
          note({ tables: tablesOf(results), results, skipped });
        }
      }
    }
  }
  return { tables: tablesOf(results), results, skipped };
}

// Some minutes each: one of them says what there is to say.
function tooMuch({ broker, brokers, nodes, keyType, keyTypes }) {
  const isChosen = broker === brokers.at(-1) && keyType === keyTypes.at(-1);
  return nodes > most && !isChosen ? 'skipped to save time; select the broker and the keys' : undefined;
}

function obstacleTo(nodes) {
  if (nodes + 200 > openFileLimit()) return `this machine allows ${openFileLimit()} open files`;
  const needed = nodes * mibPerNode + 500;
  return needed > freeMiB() ? `not enough memory: ${round(needed, 0)} MiB required` : undefined;
}

async function measure({ broker, keyType, nodes, rounds, tls }) {
  const site = await Site.open({ broker, tls, keyType });
  try {
    const idle = usageOf(site.broker.pid);
    const bare = tls ? undefined : await bareRounds(site, nodes, rounds);
    let fleet;
    const before = usageOf(site.broker.pid).cpuMs;
    const startSeconds =
      (await timed(async () => {
        fleet = await site.fleet(nodes);
      })) / 1000;
    const connecting = {
      node: round(usageOf(fleet.pid).cpuMs / nodes, 1),
      broker: round((usageOf(site.broker.pid).cpuMs - before) / nodes, 2),
    };
    const client = await site.client();
    const troupe = await troupeRounds({ site, client, fleet, nodes, rounds });
    const full = usageOf(site.broker.pid);
    return {
      broker,
      keyType,
      tls,
      nodes,
      startSeconds: round(startSeconds, 1),
      connectingCpuMs: connecting,
      kibPerNode: {
        emulator: round((usageOf(fleet.pid).residentMiB * 1024) / nodes, 0),
        broker: round(((full.residentMiB - idle.residentMiB) * 1024) / nodes, 0),
      },
      bare,
      ...troupe,
    };
  } finally {
    await site.close();
  }
}

async function bareRounds(site, nodes, rounds) {
  await site.bareNodes(nodes, sizeOf(sampleReply()));
  const requester = await site.bareRequester(sizeOf(sampleRequest()));
  await requester.broadcast(nodes);
  const all = [];
  for (let index = 0; index < rounds; index += 1) all.push(await timed(() => requester.broadcast(nodes)));
  await site.closeLast();
  await site.closeLast();
  return all.map((value) => round(value, 1));
}

async function troupeRounds({ site, client, fleet, nodes, rounds }) {
  const agent = client.agent(rpcutil);
  const everywhere = client.withAgent(client.filter({}), 'rpcutil');
  const quarter = client.filter({ facts: [parseFact('region=eu-1')] });
  const broadcast = [];
  const discovery = [];
  const filtered = [];
  // The facts of `fleetFacts`: number 4, 8, 12 … are in the first region.
  const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}.fleet`);
  let lost = 0;
  let missed = 0;
  let cpu;
  for (let index = 0; index <= rounds; index += 1) {
    let discovered;
    const found = await timed(async () => {
      discovered = await client.discover({ filter: everywhere });
    });
    missed += nodes - discovered.nodes.length;
    // The broadcast is for all, also where the discovery before it ended too early.
    if (discovered.nodes.length < nodes) discovered = { ...discovered, nodes: names };
    const before = [usageOf(site.broker.pid).cpuMs, usageOf(fleet.pid).cpuMs, own()];
    let results = [];
    const called = await timed(async () => {
      results = await agent.ping({}, { discovered, answerWithin: 60 }).all();
    });
    cpu = [usageOf(site.broker.pid).cpuMs, usageOf(fleet.pid).cpuMs, own()].map(
      (value, at) => value - before[at],
    );
    let matching;
    const sifted = await timed(async () => {
      matching = await client.discover({ filter: quarter });
    });
    missed += Math.abs(Math.floor(nodes / 4) - matching.nodes.length);
    // The first round warms up.
    if (index === 0) continue;
    lost += results.filter(({ ok }) => !ok).length + nodes - results.length;
    broadcast.push(round(called, 1));
    discovery.push(round(found, 1));
    filtered.push(round(sifted, 1));
  }
  const [brokerCpu, fleetCpu, callerCpu] = cpu.map((value) => round((value * 1000) / nodes, 0));
  return {
    broadcast,
    discovery,
    filtered,
    lost,
    missed,
    cpuMicrosecondsPerNode: { brokerCpu, fleetCpu, callerCpu },
  };
}

function own() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function tablesOf(results) {
  const name = ({ broker, keyType, tls, nodes }) => `${broker}, ${keyType}${tls ? ', TLS' : ''}, ${nodes}`;
  return [
    {
      title: 'Broadcast of rpcutil ping until the last reply, in milliseconds: median (min … max)',
      head: [
        'broker, keys, nodes',
        'bare MQTT.js',
        'Troupe',
        'vs bare',
        'µs per node',
        'lost',
        'CPU µs per node: broker',
        'fleet',
        'caller',
      ],
      rows: results.map((result) => {
        const { bare, broadcast, lost, nodes, cpuMicrosecondsPerNode: cpu } = result;
        return [
          name(result),
          bare ? spread(bare) : '-',
          spread(broadcast),
          bare ? ratio(median(broadcast), median(bare)) : '-',
          round((median(broadcast) * 1000) / nodes, 0),
          lost,
          cpu.brokerCpu,
          cpu.fleetCpu,
          cpu.callerCpu,
        ];
      }),
    },
    {
      title: 'Discovery in milliseconds: median (min … max); connecting the fleet; memory',
      head: [
        'broker, keys, nodes',
        'all nodes',
        'fact filter',
        'missed',
        'fleet up s',
        'startup CPU ms: node',
        'broker',
        'KiB per node: emulator',
        'broker',
      ],
      rows: results.map((result) => [
        name(result),
        spread(result.discovery),
        spread(result.filtered),
        result.missed,
        result.startSeconds,
        result.connectingCpuMs.node,
        result.connectingCpuMs.broker,
        result.kibPerNode.emulator,
        result.kibPerNode.broker,
      ]),
    },
  ];
}
