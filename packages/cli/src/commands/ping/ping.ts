import { sourceOf } from '../../call/discovery-method.js';
import { reportNoNodes } from '../../call/no-nodes.js';
import { noteUnknownReach, remember } from '../../call/reach.js';
import { selectionOf } from '../../call/selection.js';
import { withClient } from '../../call/with-client.js';
import type { DiscoveryOptions, FilterOptions, GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { histogram } from '../../output/histogram.js';
import { presenceNotes, reachNotes, refusalNotes } from '../../output/presence.js';

/** The options of mco ping. */
export type PingOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions & { readonly graph?: true; readonly json?: true };

interface Pong {
  readonly sender: string;
  readonly milliseconds: number;
}

/** Pings all nodes that match, and prints the response time of each. */
export async function ping({ screen }: Shell, options: PingOptions): Promise<ExitCode> {
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  const pongs: Pong[] = [];
  return withClient(screen, config, async (client) => {
    // What is spent before the first question is out: loading and connecting.
    const collective = options.target ?? client.mainCollective;
    const overhead = performance.now();
    const source = await sourceOf(options, client);
    const listed = source && (await client.discover({ filter: client.filter(filter), collective, source }));
    const discovery = await client.ping({
      ...(listed ? { among: listed.nodes } : { filter: client.filter(filter) }),
      collective,
      ...(options.discoveryTimeout === undefined ? {} : { window: options.discoveryTimeout }),
      onNode: (sender, milliseconds) => {
        pongs.push({ sender, milliseconds });
        if (!screen.json) screen.print(`${sender.padEnd(40)} time=${milliseconds} ms`);
      },
    });
    noteUnknownReach(screen, client, collective, discovery);
    remember(client, collective, filter, discovery);
    const { silent, offline, unreachable } = discovery;
    const stats = statistics(pongs, overhead);
    if (screen.json) {
      for (const { sender, milliseconds } of pongs)
        screen.json.result({ sender, seconds: milliseconds / 1000 });
      screen.json.summarize({ ...inSeconds(stats), silent, offline, unreachable: unreachable ?? null });
    } else {
      screen.print(`\n\n---- ping statistics ----\n${statisticsLine(stats)}`);
      if (options.graph && pongs.length > 0) {
        const times = pongs.map(({ milliseconds }) => milliseconds);
        screen.print(['', 'Responses by time:', '', ...histogram(times, screen.width)].join('\n'));
      }
    }
    refusalNotes(screen, discovery);
    presenceNotes(screen, discovery, filter);
    reachNotes(screen, unreachable ?? [], filter);
    if (pongs.length === 0) await reportNoNodes(screen, client, collective, { filter });
    if (pongs.length === 0) return ExitCode.error;
    return silent.length + (unreachable?.length ?? 0) > 0 ? ExitCode.partialSilence : ExitCode.ok;
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

// JSON has all its times in seconds.
function inSeconds({ count, max, min, avg, overhead }: ReturnType<typeof statistics>) {
  const seconds = (milliseconds: number | null) => (milliseconds === null ? null : milliseconds / 1000);
  return {
    count,
    max_seconds: seconds(max),
    min_seconds: seconds(min),
    avg_seconds: seconds(avg),
    overhead_seconds: seconds(overhead),
  };
}

function statisticsLine({ count, max, min, avg, overhead }: ReturnType<typeof statistics>): string {
  const replies = `${count} ${count === 1 ? 'reply' : 'replies'}`;
  const times = avg === null ? '' : ` max: ${max} ms min: ${min} ms avg: ${avg.toFixed(1)} ms`;
  return `${replies}${times} overhead: ${overhead} ms`;
}
