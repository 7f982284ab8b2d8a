import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { median, quantile, ratio } from '../lib/figures.mjs';
import { round, usageOf } from '../lib/machine.mjs';
import { sampleReply, sampleRequest, sizeOf } from '../lib/messages.mjs';
import { Site } from '../lib/site.mjs';

export const about = 'one caller and one node over TLS: calls per second, sequential and 64 at a time';

const pipeline = 64;

/** Baseline: bare MQTT.js, JSON of the same length, over the same broker and TLS. */
export async function run({ brokers, seconds, keyTypes }, note) {
  const results = [];
  for (const broker of brokers) {
    for (const keyType of keyTypes) {
      const site = await Site.open({ broker, tls: true, keyType });
      try {
        results.push({ broker, keyType, ...(await compare(site, seconds)) });
        note({ tables: ['sequential', 'pipelined'].map((way) => tableOf(way, results)), results });
      } finally {
        await site.close();
      }
    }
  }
  return { tables: ['sequential', 'pipelined'].map((way) => tableOf(way, results)), results };
}

async function compare(site, seconds) {
  const nodes = await site.bareNodes(1, sizeOf(sampleReply()));
  const requester = await site.bareRequester(sizeOf(sampleRequest()));
  const bare = await measure(() => requester.call(), seconds, { broker: site.broker.pid, node: nodes.pid });
  await site.closeLast();
  await site.closeLast();

  const daemon = await site.daemon('node-1.fleet');
  const client = await site.client();
  const agent = client.agent(rpcutil);
  const troupe = await measure(
    async () => {
      const { ok, statusmsg, state } = await agent.ping({}, { targets: ['node-1.fleet'] }).one();
      if (!ok) throw new Error(`a call ended as ${state}: ${statusmsg}`);
    },
    seconds,
    { broker: site.broker.pid, node: daemon.pid },
  );
  return { bare, troupe };
}

async function measure(call, seconds, pids) {
  for (let index = 0; index < 200; index += 1) await call();
  return {
    sequential: await repeat(call, 1, seconds, pids),
    pipelined: await repeat(call, pipeline, seconds, pids),
  };
}

async function repeat(call, atOnce, seconds, pids) {
  const before = usages(pids);
  const start = performance.now();
  const end = start + seconds * 1000;
  const latencies = [];
  const worker = async () => {
    while (performance.now() < end) {
      const begun = performance.now();
      await call();
      latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const elapsed = performance.now() - start;
  const after = usages(pids);
  const cpu = Object.fromEntries(
    Object.keys(before).map((name) => [name, round((after[name] - before[name]) / latencies.length, 3)]),
  );
  return {
    perSecond: round((latencies.length / elapsed) * 1000, 0),
    medianMs: round(median(latencies)),
    p99Ms: round(quantile(latencies, 0.99)),
    cpuMsPerCall: cpu,
  };
}

function usages(pids) {
  const { user, system } = process.cpuUsage();
  const others = Object.entries(pids).map(([name, pid]) => [name, usageOf(pid).cpuMs]);
  return { caller: (user + system) / 1000, ...Object.fromEntries(others) };
}

function tableOf(way, results) {
  const line = (name, of, baseline) => {
    const { perSecond, medianMs, p99Ms, cpuMsPerCall: cpu } = of[way];
    return [
      name,
      perSecond,
      ratio(perSecond, baseline[way].perSecond),
      medianMs,
      p99Ms,
      ratio(sum(cpu), sum(baseline[way].cpuMsPerCall)),
      cpu.caller,
      cpu.node,
      cpu.broker,
    ];
  };
  return {
    title: way === 'sequential' ? 'Sequential calls' : `${pipeline} concurrent calls`,
    head: [
      'broker, keys, client',
      'calls/s',
      'vs bare',
      'median ms',
      'p99 ms',
      'CPU vs bare',
      'CPU ms: caller',
      'node',
      'broker',
    ],
    rows: results.flatMap(({ broker, keyType, bare, troupe }) => [
      line(`${broker}, ${keyType}, bare MQTT.js`, bare, bare),
      line(`${broker}, ${keyType}, Troupe`, troupe, bare),
    ]),
  };
}

function sum(parts) {
  return Object.values(parts).reduce((total, part) => total + part, 0);
}
