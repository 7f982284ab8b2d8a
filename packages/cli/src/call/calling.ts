import {
  type CallOptions,
  type Client,
  type Discovery,
  ddlCache,
  isUnfiltered,
  localDdls,
  type ProgressPiece,
  type Result,
  type Stats,
} from '@troupe/client';
import { type ActionDdl, aggregate, type Ddl, type Filter, suggestion } from '@troupe/core';
import type { DiscoveryOptions, TimeOptions, VolumeOptions } from '../command-line/options.js';
import { sayThatNobodyAnswered } from '../config/session.js';
import { type ExitCode, exitCodeOf } from '../exit.js';
import { InterruptedError } from '../failure.js';
import { nameList, namesBy } from '../output/naming.js';
import { refusalNotes } from '../output/presence.js';
import type { Presenter, Report } from '../output/presenter.js';
import { ProgressBar } from '../terminal/progress-bar.js';
import type { Screen } from '../terminal/screen.js';
import { Interruption } from './interruption.js';
import { rememberNodes } from './node-cache.js';
import { areToBeFound, type Found, find } from './selection.js';
import type { Work } from './work.js';

/** Where a command finds its nodes, and how it shows what becomes of them. */
export interface Setting {
  readonly screen: Screen;
  readonly client: Client;
  readonly collective: string;
  readonly filter: Filter;
  readonly presenter: Presenter;
  readonly interruption: Interruption;
  readonly options: DiscoveryOptions &
    VolumeOptions &
    TimeOptions & { readonly progress: boolean; readonly stream?: true };
}

/** Finds the nodes, calls the action, shows what becomes of it, and says how it ended. */
export async function callWork(work: Work, given: Omit<Setting, 'interruption'>): Promise<ExitCode> {
  const interruption = new Interruption(given.screen);
  const setting = { ...given, interruption };
  try {
    if (!areToBeFound(setting.filter, setting.options)) return (await callNodes(setting, work)).exitCode;
    const found = await findNodes(setting, work.ddl.metadata.name);
    if (found.nodes.length > 0) return (await callNodes(setting, work, found)).exitCode;
    const report = emptyReport(setting, work, found);
    setting.presenter.end(report);
    return report.exitCode;
  } finally {
    interruption.stop();
  }
}

/** Looks for the nodes of a setting, and says on a terminal that it does. Throws InterruptedError. */
export async function findNodes(setting: Setting, agent: string): Promise<Found> {
  const { screen, client, collective, filter, interruption, presenter, options } = setting;
  const isSeen = presenter.isForPeople && options.progress && !screen.isQuiet && screen.stderr.isTTY === true;
  if (isSeen) screen.stderr.write('Discovering nodes .... ');
  const found = await find(client, filter, agent, {
    ...options,
    collective,
    signal: interruption.signal,
  }).finally(() => isSeen && screen.stderr.write('\r\x1b[K'));
  if (interruption.exitCode !== undefined) throw new InterruptedError(interruption.exitCode);
  presenter.discovered(found);
  await sayWhoWasFound(setting, found, agent);
  return found;
}

// What is worth a word, or worth keeping, of a discovery that is over.
async function sayWhoWasFound(setting: Setting, found: Found, agent: string): Promise<void> {
  const { screen, client, collective, filter } = setting;
  remember(client, collective, filter, found);
  refusalNotes(screen, found);
  if (found.nodes.length > 0) return;
  const rest = found.byRequest ? { silent: found.silent.length } : { before: 'nothing was sent: ' };
  await sayThatNobodyAnswered(screen, client, collective, { agent, ...rest });
}

/** Keeps the names of nodes that were found, for completion. */
export function remember(client: Client, collective: string, filter: Filter, found: Discovery): void {
  if (found.method === 'named') return;
  rememberNodes(client.config, collective, found, isUnfiltered(filter));
}

/** Calls an action on nodes that were found, or on all that match, who then say so themselves; shows how each of them ended. */
export async function callNodes(setting: Setting, work: Work, given?: Found): Promise<Report> {
  const { client, collective, filter, interruption, presenter, options } = setting;
  const { ddl, action, input } = work;
  const agent = ddl.metadata.name;
  const call = client.call(ddl, action.name, input, {
    collective,
    ...(given
      ? targetsOf(given, filter)
      : { filter, onDiscovered: (found: Discovery) => presenter.discovered(found) }),
    ...timesOf(options),
    ...(options.batch === undefined ? {} : { batch: options.batch }),
    ...(options.batchSleep === undefined ? {} : { batchSleep: options.batchSleep }),
    ...(options.maxFailures === undefined ? {} : { maxFailures: options.maxFailures }),
    signal: interruption.signal,
    ...(options.stream ? { onProgress: (piece: ProgressPiece) => presenter.progress(piece) } : {}),
  });
  interruption.watch(call);
  presenter.begun(call.id);
  if (given?.method === 'named' && given.source === undefined) await sayWhoIsNotKnown(setting, given.nodes);
  const results = await follow(setting, call, () => call.size);
  const stats = await call.stats();
  const found = given ?? call.discovery;
  if (!found) throw new TypeError('a call that names no node ended without having looked for some');
  if (!given && interruption.exitCode === undefined) await sayWhoWasFound(setting, found, agent);
  const report = reportOf({
    setting,
    found,
    results,
    unfinished: call.open(),
    stats,
    agent,
    action: action.ddl,
  });
  await sayWhichVersionsDiffer(setting, ddl, results);
  presenter.end(report);
  return report;
}

/** Shows results as they come, under a progress bar where somebody sees it. */
export async function follow(
  { screen, presenter, options }: Pick<Setting, 'screen' | 'presenter' | 'options'>,
  call: AsyncIterable<Result>,
  total: () => number,
): Promise<readonly Result[]> {
  const isBar = presenter.isForPeople && ProgressBar.isWanted(screen, options);
  const bar = isBar ? new ProgressBar(screen, total) : undefined;
  bar?.start();
  const results: Result[] = [];
  try {
    for await (const result of call) {
      results.push(result);
      presenter.result(result);
      bar?.add();
    }
  } finally {
    bar?.stop();
  }
  return results;
}

/** A call that is over, judged. */
export function reportOf(parts: {
  readonly setting: Pick<Setting, 'interruption'>;
  readonly found: Found;
  readonly results: readonly Result[];
  readonly unfinished: readonly string[];
  readonly stats: Stats;
  readonly agent: string;
  readonly action: ActionDdl;
}): Report {
  const { setting, found, results, unfinished, stats, agent, action } = parts;
  return {
    agent,
    action: action.action,
    found,
    results,
    unfinished,
    stats,
    summaries: aggregate(action, results),
    exitCode: exitCodeOf({
      method: found.source === undefined ? found.method : 'broadcast',
      stats,
      silentInDiscovery: found.silent.length,
      byRequest: found.byRequest,
      interrupted: setting.interruption.exitCode,
    }),
  };
}

/** The report of a call that was not made, because there was nobody to call. */
export function emptyReport(setting: Pick<Setting, 'interruption'>, work: Work, found: Found): Report {
  const stats: Stats = {
    requestId: '',
    targets: 0,
    answered: 0,
    ok: 0,
    byState: {},
    unexpected: [],
    discoverySeconds: found.seconds,
    callSeconds: 0,
  };
  const agent = work.ddl.metadata.name;
  return reportOf({ setting, found, results: [], unfinished: [], stats, agent, action: work.action.ddl });
}

/** Whom a call goes to: who was left out by a limit must not run it, and who was named may have ceased to match. */
export function targetsOf(
  found: Found,
  filter: Filter,
): Pick<CallOptions, 'discovered' | 'targets' | 'filter'> {
  const isWhole = found.method === 'broadcast' && found.before === undefined;
  return {
    ...(isWhole ? { discovered: found } : { targets: found.nodes }),
    // What a source has judged by what it knows, the nodes need not judge again.
    filter: found.rest ?? filter,
  };
}

/** How long a call may take, as the options say. */
export function timesOf({ timeout, ttl }: TimeOptions): Pick<CallOptions, 'timeout' | 'ttl'> {
  return { ...(timeout === undefined ? {} : { timeout }), ...(ttl === undefined ? {} : { ttl }) };
}

// Most likely a slip of the fingers, which is better said before the waiting than after it.
async function sayWhoIsNotKnown(
  { screen, client, collective }: Setting,
  nodes: readonly string[],
): Promise<void> {
  const presence = await client.presence(collective);
  const known = [...presence.online(), ...presence.offline()];
  for (const node of nodes.filter((name) => presence.isStranger(name)).slice(0, 5)) {
    screen.warn(
      screen.paintNote(
        'yellow',
        `mco: no node "${node}" is known${suggestion(node, known)}; asking all the same`,
      ),
    );
  }
}

async function sayWhichVersionsDiffer(
  { screen, client }: Pick<Setting, 'screen' | 'client'>,
  { metadata: { name, version } }: Ddl,
  results: readonly Result[],
): Promise<void> {
  const others = results.filter(({ ddl }) => ddl !== undefined && ddl !== version);
  if (others.length === 0) return;
  const path = (await localDdls(client.config.ddl_dirs)).get(name);
  const remedy = path?.startsWith(ddlCache()) ? `: remove ${path} and theirs is fetched` : '';
  for (const [theirs, senders] of namesBy(others, ({ ddl }) => String(ddl))) {
    const note = `version ${theirs} of the agent "${name}" runs on ${nameList(senders, screen.isVerbose)}; the DDL here is of version ${version}${remedy}`;
    screen.note(screen.paintNote('yellow', `mco: ${note}`));
  }
}
