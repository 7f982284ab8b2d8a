import { median, spread, times } from '../lib/figures.mjs';
import { childrenCpuMs, freeMiB } from '../lib/machine.mjs';
import { Mcollective, mcollectiveMco, missingMcollective, startSharedRabbitmq } from '../lib/mcollective.mjs';
import { mco } from '../lib/programs.mjs';
import { runProgram } from '../lib/run-node.mjs';
import { Site } from '../lib/site.mjs';

export const about = 'MCollective and Troupe as complete processes with the same number of nodes';

// How many times as fast Troupe is meant to be.
const commands = [
  { words: ['ping'], target: 10 },
  { words: ['rpc', 'rpcutil', 'ping'], target: 5 },
];
const rounds = 3;
const perDaemonMiB = 50;
const startSeconds = 80;
const caller = 'bench.mcollective';

/** Baseline: MCollective over RabbitMQ, its broker. Its daemons are gone before Troupe's nodes come. */
export async function run({ mcollectiveNodes: wanted, brokers }, note) {
  const missing = missingMcollective();
  if (missing) return { tables: [], results: {}, skipped: [`MCollective: ${missing}`] };
  const count = Math.max(1, Math.min(wanted, Math.floor(freeMiB() / perDaemonMiB)));
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}.fleet`);
  const rabbitmq = ({ pki, folder }) => startSharedRabbitmq({ pki, folder, callers: [caller], nodes: names });
  const { nodes, mcollective, troupe } = await onSite(rabbitmq, async (site) => {
    const theirs = await measureMcollective(site, count);
    return { ...theirs, troupe: { rabbitmq: await measureTroupe(site, theirs.nodes) } };
  });
  const figures = () => ({
    tables: [tableOf(nodes, mcollective, troupe)],
    results: { nodes, mcollective, troupe },
    skipped:
      nodes < wanted ? [`${wanted} nodes requested, but time or memory sufficed only for ${nodes}`] : [],
  });
  note(figures());
  // Troupe's usual brokers retain presence, which RabbitMQ does not.
  const broker = brokers.at(-1);
  troupe[broker] = await onSite(broker, (site) => measureTroupe(site, nodes));
  return figures();
}

async function onSite(broker, work) {
  const site = await Site.open({ broker, tls: true });
  try {
    return await work(site);
  } finally {
    await site.close();
  }
}

async function measureMcollective(site, count) {
  const network = new Mcollective({ stomp: site.broker.stomp, folder: site.folder.path });
  try {
    await network.start(count, { atATime: 4, seconds: startSeconds });
    const run = (words) => runProgram(mcollectiveMco, [...words, '--config', network.client]);
    return { nodes: network.nodes, mcollective: await measure(network.nodes, run) };
  } finally {
    await network.close();
  }
}

async function measureTroupe(site, count) {
  await site.fleet(count);
  const env = await site.commandEnv(caller);
  return measure(count, (words) => runProgram(process.execPath, [mco, ...words], env));
}

// The first run of each is not counted: it shows that every node is there, and warms files and caches for both alike.
async function measure(nodes, run) {
  const measured = [];
  for (const { words } of commands) {
    const checked = async () => {
      const output = await run(words);
      if (!isWhole(output, nodes))
        throw new Error(
          `mco ${words.join(' ')} did not get replies from all ${nodes} nodes:\n${output.slice(-500)}`,
        );
    };
    await checked();
    const before = childrenCpuMs();
    const ms = await times(rounds, checked);
    measured.push({ ms, cpuMs: (childrenCpuMs() - before) / rounds });
  }
  return measured;
}

// Both print a line for each node that begins with its name.
function isWhole(output, nodes) {
  return new Set(output.match(/^node-\d+\.fleet\b/gm)).size === nodes;
}

function tableOf(nodes, mcollective, troupe) {
  const rowOf = (index, broker) => {
    const [theirs, ours] = [mcollective[index], troupe[broker][index]];
    const share = median(ours.ms) / median(theirs.ms);
    const { words, target } = commands[index];
    return [
      `mco ${words.join(' ')}`,
      nodes,
      spread(theirs.ms),
      broker,
      spread(ours.ms),
      `${share.toFixed(3)} x`,
      (1 / share).toFixed(1),
      target,
      `${Math.round(theirs.cpuMs)} / ${Math.round(ours.cpuMs)}`,
    ];
  };
  const security =
    'The MCollective nodes are processes over RabbitMQ with STOMP, a pre-shared key and no TLS; the Troupe nodes are emulated in one process with MQTT, TLS and RSA signatures';
  return {
    title: `Run time in milliseconds: median (min … max) of ${rounds} runs. ${security}`,
    head: [
      'command',
      'nodes',
      'MCollective',
      'Troupe over',
      'Troupe',
      'ratio',
      'speedup',
      'target',
      'CPU ms of each',
    ],
    rows: commands.flatMap((_, index) => Object.keys(troupe).map((broker) => rowOf(index, broker))),
  };
}
