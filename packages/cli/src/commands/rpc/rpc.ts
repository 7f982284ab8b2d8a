import { localDdl, originOf, resolveDdl } from '@troupe/client';
import { type Filter, isEmptyFilter } from '@troupe/core';
import { callWork, type Steps } from '../../call/calling.js';
import { confirm } from '../../call/confirmation.js';
import { versionOf } from '../../call/other-ddls.js';
import { type Found, selectionOf } from '../../call/selection.js';
import { sendOnly } from '../../call/sending.js';
import type { Setting } from '../../call/setting.js';
import { withClient } from '../../call/with-client.js';
import { type Work, workOfWords } from '../../call/work.js';
import type {
  DiscoveryOptions,
  FilterOptions,
  GlobalOptions,
  OutputOptions,
  TimeOptions,
  VolumeOptions,
} from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { printFailure, UsageError } from '../../failure.js';
import { showPlan } from '../../output/plan.js';
import type { Report } from '../../output/presenter.js';
import { presenterOf } from '../../output/presenters.js';
import { printUnfinished } from '../../output/unfinished.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco rpc. */
export type RpcOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions &
  VolumeOptions &
  TimeOptions &
  OutputOptions & {
    readonly stream?: true;
    readonly yes?: true;
    readonly dryRun?: true;
    readonly results: boolean;
    readonly replyTo?: string;
  };

interface Words {
  readonly agent: string;
  readonly action: string;
  readonly words: readonly string[];
}

/** Runs an action on all nodes that match, or prints what would be run. */
export async function rpc({ screen }: Shell, words: Words, options: RpcOptions): Promise<ExitCode> {
  if (options.maxFailures !== undefined && options.batch === undefined)
    throw new UsageError('--max-failures requires --batch, such as --batch 10%');
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  const isUnfiltered = isEmptyFilter(filter);
  // Errors that need no network are reported before mco connects.
  const ddl = await localDdl(config, words.agent, { isFresh: true });
  const prepared = ddl && workOfWords(ddl, words.action, words.words);
  if (prepared && isUnfiltered) refuseUnasked(prepared, screen.isInteractive, options);
  return withClient(screen, config, async (client) => {
    const collective = options.target ?? client.mainCollective;
    const work =
      prepared ?? workOfWords(await resolveDdl(client, words.agent, collective), words.action, words.words);
    if (!prepared && isUnfiltered) refuseUnasked(work, screen.isInteractive, options);
    const presenter = await presenterOf(options, {
      screen,
      agent: words.agent,
      action: words.action,
      ddl: work.action.ddl,
    });
    return callWork(
      work,
      { screen, client, collective, filter, presenter, options },
      {
        before: beforeOf(work, filter, options),
        after: (setting, report) => afterwards(setting, report, options),
      },
    );
  });
}

// What has to be done with the nodes before they are called; undefined if they need not be known.
function beforeOf(work: Work, filter: Filter, options: RpcOptions): Steps['before'] {
  if (options.dryRun) return async ({ screen }, found) => showPlan(screen, work, found, options);
  const isAsked = isToBeConfirmed(work, options) && isEmptyFilter(filter);
  const isOnlySent = !options.results || options.replyTo !== undefined;
  if (!isAsked && !isOnlySent) return undefined;
  return async (setting, found) => {
    if (found.nodes.length === 0) return undefined;
    if (isAsked && !(await isConfirmed(setting.screen, work, found))) return ExitCode.error;
    return isOnlySent ? sendOnly(setting, work, found, options) : undefined;
  };
}

async function isConfirmed(screen: Screen, work: Work, { nodes }: Found): Promise<boolean> {
  const whom = nodes.length === 1 ? 'the only node' : `all ${counted(nodes.length)}`;
  const origin = originOf(work.ddl) === undefined ? '' : ` Its DDL is version ${versionOf(work.ddl)}.`;
  const question = `${nameOf(work)} changes hosts, and no filter is given.${origin} Run it on ${whom}?`;
  if (await confirm(screen, question, refusal(work))) return true;
  printFailure(screen, { code: 'NOT_CONFIRMED', message: 'not confirmed: the request was not sent' });
  return false;
}

function afterwards({ screen, interruption }: Setting, report: Report, options: RpcOptions): void {
  if (interruption.exitCode !== undefined) printUnfinished(screen, report, options);
}

function isToBeConfirmed({ action, input }: Work, options: RpcOptions): boolean {
  return action.isMutating(input) && !options.yes && !options.dryRun;
}

// Without a terminal to ask on, the call is refused before mco connects.
function refuseUnasked(work: Work, isInteractive: boolean, options: RpcOptions): void {
  if (!isInteractive && isToBeConfirmed(work, options)) throw new UsageError(refusal(work));
}

function refusal(work: Work): string {
  return `${nameOf(work)} changes hosts, and no filter is given: add a filter (-F -C -I -W -S --nodes), or --yes for all nodes`;
}

function nameOf({ ddl, action }: Work): string {
  return `${ddl.metadata.name} ${action.name}`;
}
