import type { Discovery, ProgressPiece } from '@troupe/client';
import type { ExitCode } from '../exit.js';
import type { Report } from '../output/presenter.js';
import { targetsOf, timesOf } from './call-options.js';
import { findNodes, reportDiscovery } from './find-nodes.js';
import { follow } from './following.js';
import { Interruption } from './interruption.js';
import { noteVersionDifferences, warnOfUnknownNodes } from './notes.js';
import { acceptanceOf, noteOtherDdls } from './other-ddls.js';
import { emptyReport, reportOf } from './report.js';
import { areToBeFound } from './rounds.js';
import type { Found } from './selection.js';
import type { Setting } from './setting.js';
import type { Work } from './work.js';

/** What a command does before and after its call. */
export interface Steps {
  /** What is done with the nodes before they are called; an exit code ends the command there, and no node is called. */
  readonly before?: ((setting: Setting, found: Found) => Promise<ExitCode | undefined>) | undefined;
  /** What is printed after a call has ended and was shown. */
  readonly after?: (setting: Setting, report: Report) => void;
}

/** Finds the nodes, calls the action, shows what becomes of it, and says how it ended. */
export async function callWork(
  work: Work,
  given: Omit<Setting, 'interruption'>,
  { before, after }: Steps = {},
): Promise<ExitCode> {
  const interruption = new Interruption(given.screen);
  const setting = { ...given, interruption };
  try {
    const isFirst = areToBeFound(setting.filter, setting.options, before !== undefined);
    const found = isFirst ? await findNodes(setting, work.ddl.metadata.name) : undefined;
    const code = found && (await before?.(setting, found));
    if (code !== undefined) return code;
    const report =
      found?.nodes.length === 0 ? emptyReport(setting, work, found) : await callNodes(setting, work, found);
    setting.presenter.end(report);
    after?.(setting, report);
    return report.exitCode;
  } finally {
    interruption.stop();
  }
}

// Calls an action on nodes that were found, or on all that match, which decide that themselves; shows how each of them ended.
async function callNodes(setting: Setting, work: Work, given?: Found): Promise<Report> {
  const { client, collective, filter, interruption, presenter, options } = setting;
  const { ddl, action } = work;
  const agent = ddl.metadata.name;
  const call = client.call(ddl, action.name, work.given, {
    collective,
    ...(given
      ? targetsOf(given, filter)
      : {
          filter,
          onDiscovered: (found: Discovery) => presenter.discovered(found),
        }),
    ...timesOf(options),
    acceptDdl: acceptanceOf(setting, options),
    ...(options.batch === undefined ? {} : { batch: options.batch }),
    ...(options.batchSleep === undefined ? {} : { batchSleep: options.batchSleep }),
    ...(options.maxFailures === undefined ? {} : { maxFailures: options.maxFailures }),
    signal: interruption.signal,
    ...(options.stream ? { onProgress: (piece: ProgressPiece) => presenter.progress(piece) } : {}),
  });
  interruption.watch(call);
  presenter.begun(call.id);
  if (given?.method === 'named' && given.source === undefined) await warnOfUnknownNodes(setting, given.nodes);
  const results = await follow(setting, call, () => call.size);
  const stats = await call.stats();
  const found = given ?? call.discovery;
  if (!found) throw new TypeError('a call without named nodes ended without a discovery');
  if (!given && interruption.exitCode === undefined) await reportDiscovery(setting, found, agent);
  const report = reportOf({
    setting,
    found,
    results,
    unfinished: call.open(),
    stats,
    agent,
    action: action.ddl,
  });
  noteOtherDdls(setting, call.otherDdls);
  await noteVersionDifferences(setting, ddl, results);
  return report;
}
