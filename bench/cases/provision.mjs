import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NameJournal } from '@troupe/provisioner';
import { createTempFolder, waitFor } from '@troupe/testkit';
import { round, usageOf } from '../lib/machine.mjs';
import { startPeer } from '../lib/process.mjs';
import { mcprovision } from '../lib/programs.mjs';

export const about = 'emulated nodes provisioned per minute with 1, 2 and 4 provisioners, with full security';

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const emulate = path('../../packages/emulator/bin/troupe-emulate.js');

/** From the moment when the first provisioner is told of a node until the last node is done; Puppet's runs take no time. */
export async function run({ provisioned: nodes, provisioners }) {
  const results = [];
  for (const count of provisioners) results.push(await measure(nodes, count));
  return { tables: tablesOf(results), results };
}

async function measure(nodes, count) {
  const folder = await createTempFolder({ prefix: 'troupe-bench', mode: 0o711 });
  try {
    return await measureIn(folder, nodes, count);
  } finally {
    await folder.close();
  }
}

async function measureIn(folder, nodes, count) {
  const site = folder.join('site');
  const fleet = await startPeer(
    emulate,
    ['--provision', site, '-n', `${nodes}`, '--run-seconds', '0', '--until-eof'],
    { seconds: 120 + nodes / 5, ready: /^{"instances"/ },
  );
  const logs = [];
  const peers = [];
  try {
    for (let number = 1; number <= count; number += 1) {
      const log = folder.join(`log-${number}.jsonl`);
      const config = folder.join(`provisioner-${number}.yaml`);
      const given = JSON.parse(readFileSync(`${site}/provisioner.yaml`, 'utf8'));
      const journal = folder.join(`journal-${number}`);
      const more = { logfile: log, limit_per_master: 50, workers: 50, journal };
      writeFileSync(config, JSON.stringify({ ...given, ...more }));
      NameJournal.create(journal);
      logs.push(log);
      writeFileSync(log, '');
      peers.push(startPeer(mcprovision, ['run', '--json', '--config', config], { ready: /"arrived"/ }));
    }
    const provisioners = await Promise.all(peers);
    const before = usages(fleet, provisioners);
    const ended = () => events(logs).filter(({ event }) => event === 'done' || event === 'quarantined');
    await waitFor('all nodes', () => ended().length >= nodes, {
      timeoutSeconds: 60 + nodes * 2,
      intervalMs: 250,
    });
    const all = events(logs);
    const quarantined = ended().filter(({ event }) => event === 'quarantined').length;
    const first = Math.min(...all.filter(({ event }) => event === 'arrived').map(({ time }) => time));
    const last = Math.max(...ended().map(({ time }) => time));
    const seconds = (last - first) / 1000;
    const after = usages(fleet, provisioners);
    return {
      nodes,
      provisioners: count,
      seconds: round(seconds, 1),
      perMinute: round((nodes * 60) / seconds, 0),
      quarantined,
      cpuMsPerNode: {
        provisioners: round((after.provisioners - before.provisioners) / nodes, 1),
        mastersAndNodes: round((after.fleet - before.fleet) / nodes, 1),
        broker: round((after.broker - before.broker) / nodes, 1),
      },
      steps: stepsOf(all),
    };
  } finally {
    for (const peer of await Promise.all(peers)) await peer.stop();
    await fleet.stop();
  }
}

function usages(fleet, provisioners) {
  const [broker] = readFileSync(`/proc/${fleet.pid}/task/${fleet.pid}/children`, 'utf8').split(' ');
  return {
    provisioners: provisioners.reduce((sum, { pid }) => sum + usageOf(pid).cpuMs, 0),
    fleet: usageOf(fleet.pid).cpuMs,
    broker: usageOf(broker).cpuMs,
  };
}

function events(logs) {
  return logs.flatMap((log) =>
    readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  );
}

/** What each step took of a node's time, in the order of the steps. */
function stepsOf(all) {
  const steps = new Map();
  for (const { event, step, seconds } of all) {
    if (event === 'step-ended') steps.set(step, [...(steps.get(step) ?? []), seconds]);
  }
  const sums = [...steps].map(([step, each]) => [step, each.reduce((sum, one) => sum + one, 0), each.length]);
  const whole = sums.reduce((sum, [, seconds]) => sum + seconds, 0);
  return sums.map(([step, seconds, count]) => ({
    step,
    milliseconds: round((seconds * 1000) / count, 0),
    share: round((seconds * 100) / whole, 1),
  }));
}

function tablesOf(results) {
  return [
    {
      title: 'Nodes provisioned per minute, and CPU per node in milliseconds',
      head: ['nodes, provisioners', 'seconds', 'per minute', 'provisioners', 'masters and nodes', 'broker'],
      rows: results.map(({ nodes, provisioners, seconds, perMinute, cpuMsPerNode: cpu }) => [
        `${nodes}, ${provisioners}`,
        ...[seconds, perMinute, cpu.provisioners, cpu.mastersAndNodes, cpu.broker],
      ]),
    },
    {
      title: 'Steps: milliseconds per node, and share in percent',
      head: ['step', ...results.flatMap(({ provisioners }) => [`${provisioners}: ms`, '%'])],
      rows: results[0].steps.map(({ step }) => [
        step,
        ...results.flatMap(({ steps }) => {
          const found = steps.find((one) => one.step === step);
          return [found?.milliseconds ?? '-', found?.share ?? '-'];
        }),
      ]),
    },
  ];
}
