import { setTimeout as delay } from 'node:timers/promises';
import { type Call, type Client, type ProgressPiece, type Result, resolveDdl, statsOf } from '@troupe/client';
import { type ActionDdl, namedNodes } from '@troupe/core';
import { sourceOf } from '../../call/discovery-method.js';
import { follow } from '../../call/following.js';
import { cancelling, Interruption } from '../../call/interruption.js';
import { reportNoNodes } from '../../call/no-nodes.js';
import { reportOf } from '../../call/report.js';
import { type Found, selectionOf } from '../../call/selection.js';
import { withClient } from '../../call/with-client.js';
import type {
  DiscoveryOptions,
  FilterOptions,
  GlobalOptions,
  OutputOptions,
} from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { printFailure, UsageError } from '../../failure.js';
import { printJob } from '../../output/job.js';
import type { Presenter } from '../../output/presenter.js';
import { presenterOf } from '../../output/presenters.js';
import { printUnfinished } from '../../output/unfinished.js';
import type { Screen } from '../../terminal/screen.js';

/** Where mco job looks for a request. */
export type WhereOptions = GlobalOptions & FilterOptions & DiscoveryOptions;

/** The options of mco job show and cancel. */
export type JobOptions = WhereOptions & { readonly json?: true };

/** The options of mco job attach. */
export type AttachOptions = WhereOptions & OutputOptions & { readonly stream?: true };

/** Fetches the replies that nodes keep, and waits for the remaining ones. */
export async function attachTo({ screen }: Shell, id: string, options: AttachOptions): Promise<ExitCode> {
  return atJob(screen, id, options, async (client, found) => {
    const interruption = new Interruption(screen);
    let presenter: Presenter | undefined;
    const early: ProgressPiece[] = [];
    const call = client.attach(id, {
      ...where(found, options),
      signal: interruption.signal,
      ...(options.stream
        ? { onProgress: (piece) => (presenter ? presenter.progress(piece) : early.push(piece)) }
        : {}),
    });
    interruption.watch(call);
    try {
      const about = await call.whenKnown();
      const { agent, action } = about ?? { agent: '', action: '' };
      const ddl = about && (await actionDdl(client, agent, action, options));
      presenter = await presenterOf(options, { screen, agent, action, ddl });
      for (const piece of early) presenter.progress(piece);
      const results = await follow(
        { screen, presenter, options },
        keeping(call, found),
        () => found.nodes.length,
      );
      const report = reportOf({
        setting: { interruption },
        found,
        results,
        unfinished: call.open(),
        stats: statsOf(id, results, {
          discoverySeconds: found.seconds,
          callSeconds: (await call.stats()).callSeconds,
        }),
        agent,
        action: ddl ?? { action, description: '', input: {}, output: {} },
      });
      presenter.end(report);
      if (results.length === 0) return nothingKept(screen, id);
      if (interruption.exitCode !== undefined) printUnfinished(screen, report, options);
      return report.exitCode;
    } finally {
      interruption.stop();
    }
  });
}

/** Prints where a request is still running and how it ended on the other nodes. */
export async function showJob({ screen }: Shell, id: string, options: JobOptions): Promise<ExitCode> {
  return atJob(screen, id, options, async (client, found) => {
    const stop = new AbortController();
    const call = client.attach(id, { ...where(found, options), signal: stop.signal });
    const running = await settled(call);
    stop.abort();
    const ended = (await kept(call, found)).filter(({ sender }) => !running.includes(sender));
    if (running.length + ended.length === 0) return nothingKept(screen, id);
    printJob(screen, { id, about: call.about, running, ended });
    return ExitCode.ok;
  });
}

/** Cancels a request on the nodes where it is running. */
export async function cancelJob({ screen }: Shell, id: string, options: JobOptions): Promise<ExitCode> {
  return atJob(screen, id, options, async (client, found) => {
    const stop = new AbortController();
    const call = client.attach(id, { ...where(found, options), signal: stop.signal });
    if ((await settled(call)).length > 0) {
      await call.cancel();
      const timer = setTimeout(() => stop.abort(), cancelling);
      await call.all().finally(() => clearTimeout(timer));
    }
    const running = call.open();
    const ended = (await kept(call, found)).filter(({ sender }) => !running.includes(sender));
    if (running.length + ended.length === 0) return nothingKept(screen, id);
    printJob(screen, { id, about: call.about, running, ended });
    return running.length > 0 ? ExitCode.partialSilence : ExitCode.ok;
  });
}

// Queries the named nodes, or all nodes.
async function atJob(
  screen: Screen,
  id: string,
  options: WhereOptions,
  work: (client: Client, found: Found) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!/^[0-9a-f]{32}$/.test(id))
    throw new UsageError(`"${id}" is not a request id: an id has 32 hexadecimal digits (0-9, a-f)`);
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  return withClient(screen, config, async (client) => {
    const source = await sourceOf(options, client);
    const found = await client.discover({
      filter: namedNodes(filter) ? filter : client.filter(filter),
      ...(source ? { source } : {}),
      collective: options.target ?? client.mainCollective,
      ...(options.discoveryTimeout === undefined ? {} : { window: options.discoveryTimeout }),
    });
    if (found.nodes.length > 0) return work(client, found);
    await reportNoNodes(screen, client, options.target ?? client.mainCollective, { filter });
    return ExitCode.error;
  });
}

function where(found: Found, options: WhereOptions) {
  return {
    targets: found.nodes,
    ...(options.target === undefined ? {} : { collective: options.target }),
  };
}

// Waits until each node has either ended the request or reported that it is running it.
async function settled(call: Call): Promise<readonly string[]> {
  let isOver = false;
  const over = call.all().finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  await call.whenKnown();
  while (!isOver && call.open().length > call.running().length) await Promise.race([over, delay(20)]);
  return call.running();
}

// If all nodes are queried, a node that does not know the request is not one of its targets.
async function* keeping(call: AsyncIterable<Result>, { method }: Found): AsyncGenerator<Result> {
  for await (const result of call) {
    if (method === 'named' || result.state !== 'unknown') yield result;
  }
}

async function kept(call: Call, found: Found): Promise<readonly Result[]> {
  const results: Result[] = [];
  for await (const result of keeping(call, found)) results.push(result);
  return results;
}

async function actionDdl(
  client: Client,
  agent: string,
  action: string,
  options: WhereOptions,
): Promise<ActionDdl | undefined> {
  // Without the DDL the replies are shown under the names that they come with.
  const ddl = await resolveDdl(client, agent, options.target ?? client.mainCollective).catch(() => undefined);
  return ddl?.actions.find((one) => one.action === action);
}

function nothingKept(screen: Screen, id: string): ExitCode {
  const message = `no node has the request ${id}: the id is wrong, its replies have expired, or the daemons were restarted (mco job list lists the requests that nodes keep)`;
  printFailure(screen, { code: 'REQUEST_UNKNOWN', message });
  return ExitCode.error;
}
