import { localDdl, resolveDdl } from '@troupe/client';
import { isEmptyFilter } from '@troupe/core';
import { callNodes, emptyReport, findNodes, type Setting } from '../../call/calling.js';
import { confirm } from '../../call/confirmation.js';
import { Interruption } from '../../call/interruption.js';
import { areToBeFound, selectionOf } from '../../call/selection.js';
import { sendOnly } from '../../call/sending.js';
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
import { readConfig, withClient } from '../../config/session.js';
import { ExitCode } from '../../exit.js';
import { sayFailure, UsageError } from '../../failure.js';
import { showPlan } from '../../output/plan.js';
import type { Report } from '../../output/presenter.js';
import { presenterOf } from '../../output/presenters.js';
import { sayWhatGoesOn } from '../../output/unfinished.js';
import { counted } from '../../output/wording.js';

/** What mco rpc takes as options. */
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

/** Runs an action on all that match, or says what would be run. */
export async function rpc({ screen }: Shell, words: Words, options: RpcOptions): Promise<ExitCode> {
  if (options.maxFailures !== undefined && options.batch === undefined)
    throw new UsageError('--max-failures stops between two batches: add --batch N, such as --batch 10%');
  const config = readConfig(options);
  const filter = await selectionOf(options);
  const isUnfiltered = isEmptyFilter(filter);
  // What can be known without a network is said without one.
  const ddl = await localDdl(config.ddl_dirs, words.agent, { isFresh: true });
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
    const interruption = new Interruption(screen);
    const setting: Setting = { screen, client, collective, filter, presenter, interruption, options };
    try {
      return await runOn(setting, work, options);
    } finally {
      interruption.stop();
    }
  });
}

async function runOn(setting: Setting, work: Work, options: RpcOptions): Promise<ExitCode> {
  const { screen, presenter } = setting;
  const isAsked = isToBeConfirmed(work, options) && isEmptyFilter(setting.filter);
  const isOnlySent = !options.results || options.replyTo !== undefined;
  if (!options.dryRun && !isAsked && !isOnlySent && !areToBeFound(setting.filter, options))
    return ended(setting, await callNodes(setting, work), options);
  const found = await findNodes(setting, work.ddl.metadata.name);
  if (options.dryRun) return showPlan(screen, work, found, options);
  if (found.nodes.length === 0) {
    const report = emptyReport(setting, work, found);
    presenter.end(report);
    return report.exitCode;
  }
  if (isAsked) {
    const question = `${nameOf(work)} changes hosts, and there is no filter. Run it on ${found.nodes.length === 1 ? 'the only node' : `all ${counted(found.nodes.length)}`}?`;
    if (!(await confirm(screen, question, refusal(work)))) {
      sayFailure(screen, { code: 'NOT_CONFIRMED', message: 'nothing was sent' });
      return ExitCode.error;
    }
  }
  if (isOnlySent) return sendOnly(setting, work, found, options);
  return ended(setting, await callNodes(setting, work, found), options);
}

function ended({ screen, interruption }: Setting, report: Report, options: RpcOptions): ExitCode {
  if (interruption.exitCode !== undefined) sayWhatGoesOn(screen, report, options);
  return report.exitCode;
}

function isToBeConfirmed({ action, input }: Work, options: RpcOptions): boolean {
  return action.isMutating(input) && !options.yes && !options.dryRun;
}

// Where nobody can be asked, this is known before anybody is connected.
function refuseUnasked(work: Work, isInteractive: boolean, options: RpcOptions): void {
  if (!isInteractive && isToBeConfirmed(work, options)) throw new UsageError(refusal(work));
}

function refusal(work: Work): string {
  return `${nameOf(work)} changes hosts, and there is no filter: add one (-F -C -I -W -S --nodes), or --yes for all nodes`;
}

function nameOf({ ddl, action }: Work): string {
  return `${ddl.metadata.name} ${action.name}`;
}
