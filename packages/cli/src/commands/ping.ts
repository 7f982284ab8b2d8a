import { type Command, Option } from 'commander';
import { describe } from '../description.js';
import { ExitCode } from '../exit.js';
import {
  addTo,
  type DiscoveryOptions,
  type FilterOptions,
  type GlobalOptions,
  groups,
  withDiscovery,
  withFilter,
  withJson,
} from '../options.js';
import { histogram } from '../output/histogram.js';
import { printJson } from '../output/json.js';
import { presenceNotes } from '../output/presence.js';
import { selectionOf } from '../selection.js';
import { readConfig, withClient } from '../session.js';
import type { Shell } from '../shell.js';

type PingOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions & { readonly graph?: true; readonly json?: true };

interface Pong {
  readonly sender: string;
  readonly milliseconds: number;
}

export function define(command: Command, shell: Shell): void {
  describe(command, 'Asks nodes to answer, and says how fast each one did.', [
    ['All nodes', 'mco ping'],
    ['The web servers, with a graph of the times', 'mco ping -C role::web --graph'],
  ]);
  withDiscovery(withFilter(command));
  withJson(command);
  addTo(command, groups.output, [new Option('-g, --graph', 'how many answered how fast')]);
  command.action(shell.action(() => ping(shell, command.optsWithGlobals<PingOptions>())));
}

async function ping({ screen }: Shell, options: PingOptions): Promise<ExitCode> {
  const config = readConfig(options);
  const filter = await selectionOf(options);
  const pongs: Pong[] = [];
  return withClient(screen, config, async (client) => {
    // What is spent before the first question is out: loading, connecting, learning who is online.
    const collective = options.target ?? client.mainCollective;
    await client.presence(collective);
    const overhead = performance.now();
    const discovery = await client.ping({
      filter: client.filter(filter),
      collective,
      ...(options.discoveryTimeout === undefined ? {} : { window: options.discoveryTimeout }),
      onNode: (sender, milliseconds) => {
        pongs.push({ sender, milliseconds });
        if (!options.json) screen.print(`${sender.padEnd(40)} time=${milliseconds} ms`);
      },
    });
    const { silent, offline } = discovery;
    const stats = statistics(pongs, overhead);
    if (options.json) {
      const replies = pongs.map(({ sender, milliseconds }) => ({ sender, milliseconds }));
      printJson(screen, { replies, silent, offline, ...stats });
    } else {
      screen.print(`\n\n---- ping statistics ----\n${statisticsLine(stats)}`);
      if (options.graph && pongs.length > 0) {
        const times = pongs.map(({ milliseconds }) => milliseconds);
        screen.print(['', 'Responses by time:', '', ...histogram(times, screen.width)].join('\n'));
      }
    }
    presenceNotes(screen, discovery, filter);
    if (pongs.length === 0) return ExitCode.error;
    return silent.length > 0 ? ExitCode.partialSilence : ExitCode.ok;
  });
}

function statistics(pongs: readonly Pong[], overhead: number) {
  const times = pongs.map(({ milliseconds }) => milliseconds);
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    count: times.length,
    max: times.length > 0 ? Math.max(...times) : null,
    min: times.length > 0 ? Math.min(...times) : null,
    avg: times.length > 0 ? total / times.length : null,
    overhead: Math.round(overhead),
  };
}

function statisticsLine({ count, max, min, avg, overhead }: ReturnType<typeof statistics>): string {
  const replies = `${count} ${count === 1 ? 'reply' : 'replies'}`;
  const times = avg === null ? '' : ` max: ${max} ms min: ${min} ms avg: ${avg.toFixed(1)} ms`;
  return `${replies}${times} overhead: ${overhead} ms`;
}
