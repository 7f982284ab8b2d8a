import { childrenCpuMs, usageOf } from './machine.mjs';
import { startPeer } from './process.mjs';
import { runProgram } from './run-node.mjs';

const SETTLE_MS = 3000;
// Writes the most that a process had resident, KiB, as its last word.
const PEAK = 'data:text/javascript,process.on("exit",()=>console.log(process.resourceUsage().maxRSS))';

const COMMANDS = {
  'node -e 0': () => ['-e', '0'],
  'mco version': (mco) => [mco, 'version'],
  'mco find --help': (mco) => [mco, 'find', '--help'],
  'mco ping, one node': (mco) => [mco, 'ping'],
};

const lastNumber = (text) => Number(text.trim().split('\n').at(-1));

/** What `measureStart` needs of a site, which it fills: one daemon that runs, and one that ran and left its key. */
export async function readyForStarts(site) {
  const { config: idle } = await site.daemon('idle.fleet');
  await site.closeLast();
  await site.daemon('one.fleet');
  return { idle, env: await site.commandEnv() };
}

/**
 * What one round says of the start of the programs `mco` and `mcod` by `node`: CPU, which a noisy machine disturbs
 * least, and memory, by their names. `idle` is the configuration of a daemon that has been started before, so that
 * its key and certificate are there; `env` leads `mco` to a network with one node.
 */
export async function measureStart({ node, mco, mcod }, { idle, env }) {
  const figures = {};
  for (const [name, words] of Object.entries(COMMANDS)) {
    const before = childrenCpuMs();
    await runProgram(node, words(mco), env);
    figures[`${name}: CPU, ms`] = childrenCpuMs() - before;
  }
  const peak = lastNumber(await runProgram(node, ['--import', PEAK, mco, 'ping'], env)) / 1024;
  figures['mco ping, one node: most resident, MiB'] = peak;
  const words = [mcod, '--config', idle];
  const peer = await startPeer(node, words, { node: false, ready: /connected to the broker/ });
  figures['mcod to connected: CPU, ms'] = usageOf(peer.pid).cpuMs;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  figures['mcod: own memory, MiB'] = usageOf(peer.pid).privateMiB;
  await peer.stop();
  const empty = await startPeer(node, ['-e', "console.log('up'); setInterval(() => {}, 1e6)"], {
    node: false,
  });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  figures['mcod: above an empty process, MiB'] =
    figures['mcod: own memory, MiB'] - usageOf(empty.pid).privateMiB;
  await empty.stop();
  return figures;
}
