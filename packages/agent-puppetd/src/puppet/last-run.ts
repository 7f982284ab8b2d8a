import { messageOf } from '@troupe/core';
import { type ReportHead, readReport } from './report.js';
import type { PuppetSettings } from './setting-names.js';
import { type RunSummary, readSummary } from './summary.js';

/** What became of Puppet's last run, whoever started it, in the words of a `PuppetOutcome`. */
export type LastOutcome =
  | 'changed'
  | 'unchanged'
  /** Resources failed; the rest of the catalog was applied. */
  | 'failed-resources'
  /** Puppet calls the run failed although no resource failed, such as after a failed hook. */
  | 'failed'
  /** No catalog was compiled or received; maybe an old one from the cache was applied. */
  | 'no-catalog'
  /** The catalog was not applied to its end. */
  | 'incomplete'
  | 'never'
  /** Puppet's files about it cannot be read. */
  | 'unknown';

/** Puppet's last run, as its own files describe it. */
export interface LastRun {
  readonly outcome: LastOutcome;
  /** Absent if there is none, or if it cannot be read. */
  readonly summary?: RunSummary;
  /** Why the summary is missing although Puppet has run. */
  readonly fault?: string;
  /** End of the run, in seconds since 1970; 0 if Puppet has never run, null if unknown. */
  readonly ended: number | null;
  /** Start of the run, in seconds since 1970; 0 if unknown. */
  readonly began: number;
}

/** Reads the last run from Puppet's summary and report; a file that cannot be read is named in `fault`. */
export async function readLastRun(settings: PuppetSettings): Promise<LastRun> {
  const report = await readReport(settings.lastrunreport).catch(() => undefined);
  const began = Math.floor((report?.time ?? 0) / 1000);
  try {
    const summary = await readSummary(settings);
    if (!summary && !report) return { outcome: 'never', ended: 0, began };
    if (!summary) {
      const fault = `Cannot read the run summary ${settings.lastrunfile}: it does not exist`;
      return { outcome: outcomeOf(undefined, report), fault, ended: null, began };
    }
    const ended = summary.times.last_run ?? null;
    const noTime = ended === null && {
      fault: `The run summary ${settings.lastrunfile} has no last_run time`,
    };
    return { outcome: outcomeOf(summary, report), summary, ended, began, ...noTime };
  } catch (error) {
    return { outcome: 'unknown', fault: messageOf(error), ended: null, began };
  }
}

/** Judges a run by summary and report together: a summary alone looks the same whether a run was fine or cut short. */
export function outcomeOf(summary: RunSummary | undefined, latest: ReportHead | undefined): LastOutcome {
  const report = latest && (!summary || isOf(summary, latest)) ? latest : undefined;
  // Every catalog has resources, at least its stage.
  if (summary && Object.values(summary.resources).every((count) => count === 0)) return 'no-catalog';
  if (report?.status === 'failed' && report.configurationVersion === null) return 'no-catalog';
  if (report?.cachedCatalogStatus === 'on_failure') return 'no-catalog';
  if (report && !report.transactionCompleted) return 'incomplete';
  const { failed = 0, failed_to_restart = 0, changed = 0 } = summary?.resources ?? {};
  if (failed + failed_to_restart > 0) return 'failed-resources';
  if (report) return report.status;
  return changed > 0 ? 'changed' : 'unchanged';
}

/** Whether a run applied the whole catalog that the server compiled for it, so that its counts describe the host. */
export function isApplied(outcome: LastOutcome): boolean {
  return ['changed', 'unchanged', 'failed-resources', 'failed'].includes(outcome);
}

/** Whether a run did what it should. */
export function isHealthy(outcome: LastOutcome): boolean {
  return outcome === 'changed' || outcome === 'unchanged';
}

const oneHour = 3600;

// With "report = false" Puppet writes summaries only, and an old report stays.
function isOf({ configVersion, times }: RunSummary, report: ReportHead): boolean {
  if (report.configurationVersion !== configVersion) return false;
  if (report.time === null || times.last_run === undefined) return true;
  const seconds = times.last_run - report.time / 1000;
  return seconds > -60 && seconds < (times.total ?? 0) + oneHour;
}
