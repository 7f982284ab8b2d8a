import { median, ratio, spread, times } from '../lib/figures.mjs';
import { mco } from '../lib/programs.mjs';
import { runNode } from '../lib/run-node.mjs';
import { Site } from '../lib/site.mjs';

export const about = 'mco as a complete process on 200 nodes with full security, compared with MCollective';

const nodes = 200;
// Seconds that MCollective 2.12 takes for the same on 200 nodes: figures that were given, not measured by this run.
const given = { 'mco ping': 5.3, 'mco rpc rpcutil ping': 2.9 };

/** Baseline: MCollective's own times, and an empty Node process. */
export async function run({ brokers, rounds }) {
  const broker = brokers.at(-1);
  const site = await Site.open({ broker, tls: true });
  try {
    await site.fleet(nodes);
    const env = await site.commandEnv();
    const empty = await times(rounds, () => runNode(['-e', '0']));
    const measured = {};
    for (const name of Object.keys(given)) {
      const words = name.split(' ').slice(1);
      measured[name] = await times(rounds, () => runNode([mco, ...words], env));
    }
    return { tables: [tableOf(broker, empty, measured)], results: { nodes, given, empty, measured } };
  } finally {
    await site.close();
  }
}

function tableOf(broker, empty, measured) {
  const rows = Object.entries(measured).map(([name, values]) => [
    name,
    spread(values),
    ratio(median(values), median(empty)),
    given[name] * 1000,
    ((given[name] * 1000) / median(values)).toFixed(1),
  ]);
  return {
    title: `Run time on ${nodes} emulated nodes over ${broker} with TLS and RSA keys, in milliseconds: median (min … max)`,
    head: ['command', 'ms', 'vs node -e 0', 'MCollective (given)', 'speedup'],
    rows: [['node -e 0', spread(empty), '1 x', '-', '-'], ...rows],
  };
}
