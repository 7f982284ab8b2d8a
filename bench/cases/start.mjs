import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { median, ratio, spread, times } from '../lib/figures.mjs';
import { round, usageOf } from '../lib/machine.mjs';
import { startPeer } from '../lib/process.mjs';
import { mco, mcod } from '../lib/programs.mjs';
import { runNode } from '../lib/run-node.mjs';
import { Site } from '../lib/site.mjs';

export const about = 'startup and memory of mcod, startup of mco, each as a complete process';

const mqtt = import.meta.resolve('mqtt');

/** Baselines: an empty Node process, and one with a bare MQTT.js connection. */
export async function run({ brokers, rounds }) {
  const site = await Site.open({ broker: brokers[0], tls: true });
  try {
    const empty = await times(rounds, () => runNode(['-e', '0']));
    const daemonStarts = await daemonTimes(site, rounds);
    const memory = await memories(site);
    const commands = await commandTimes(site, rounds);
    return {
      tables: [memoryTable(memory), startTable({ empty, daemonStarts, commands })],
      results: { empty, daemonStarts, memory, commands },
    };
  } finally {
    await site.close();
  }
}

// Each has been started before: to make its key and its certificate, which the bench does, takes as long as all the rest.
async function daemonTimes(site, rounds) {
  const configs = [];
  for (let index = 0; index < rounds; index += 1) {
    const { config } = await site.daemon(`start-${index}.fleet`);
    await site.closeLast();
    configs.push(config);
  }
  const peers = [];
  try {
    return await times(rounds, async (index) => {
      peers.push(await startPeer(mcod, ['--config', configs[index]], { ready: /connected to the broker/ }));
    });
  } finally {
    for (const peer of peers) await peer.stop();
  }
}

async function memories(site) {
  const all = {};
  const note = async (name, peer) => {
    // What a start leaves behind is collected in the first seconds.
    await delay(3000);
    all[name] = usageOf(peer.pid);
  };
  const empty = await startPeer('-e', ["console.log('up'); setInterval(() => {}, 1e6)"]);
  await note('empty Node process', empty);
  await empty.stop();
  const script = site.folder.join('bare.mjs');
  writeFileSync(
    script,
    `import { connect } from '${mqtt}'; connect(process.argv[2]).on('error', () => {}); console.log('up');`,
  );
  const bare = await startPeer(script, [site.broker.url]);
  await note('bare MQTT.js', bare);
  await bare.stop();
  const daemon = await site.daemon('memory.fleet');
  await note('mcod', daemon);
  await site.closeLast();
  return all;
}

async function commandTimes(site, rounds) {
  const env = await site.commandEnv();
  await site.daemon('one.fleet');
  const commands = {
    'mco version': ['version'],
    'mco ping': ['ping'],
    'mco rpc rpcutil ping': ['rpc', 'rpcutil', 'ping'],
    'mco rpc rpcutil ping -I one.fleet': ['rpc', 'rpcutil', 'ping', '-I', 'one.fleet'],
  };
  const all = {};
  for (const [name, words] of Object.entries(commands)) {
    all[name] = await times(rounds, () => runNode([mco, ...words], env));
  }
  return all;
}

function memoryTable(memory) {
  const empty = memory['empty Node process'];
  return {
    title: 'Memory of a process, MiB',
    head: ['process', 'resident', 'own', 'own, above empty process', 'resident vs empty'],
    rows: Object.entries(memory).map(([name, { residentMiB, privateMiB }]) => [
      name,
      round(residentMiB, 1),
      round(privateMiB, 1),
      round(privateMiB - empty.privateMiB, 1),
      ratio(residentMiB, empty.residentMiB),
    ]),
  };
}

function startTable({ empty, daemonStarts, commands }) {
  const line = (name, values) => [name, spread(values), ratio(median(values), median(empty))];
  return {
    title: 'Run time (mcod: until connected and subscribed) in milliseconds: median (min … max)',
    head: ['command', 'ms', 'vs node -e 0'],
    rows: [
      line('node -e 0', empty),
      line('mcod', daemonStarts),
      ...Object.entries(commands).map(([name, values]) => line(name, values)),
    ],
  };
}
