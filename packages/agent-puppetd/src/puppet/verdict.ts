import { causeOf } from './cause.js';
import { type FailedResource, wordsOf } from './failed-resource.js';
import type { OutputHints } from './hint.js';
import type { ReportHead } from './report.js';
import type { ResourceCounts } from './summary.js';

/** How a run ended: stable, for programs. */
export type PuppetOutcome =
  | 'unchanged'
  | 'changed'
  /** Resources failed; the rest of the catalog was applied. */
  | 'failed-resources'
  /** It ended in another environment than the requested one. */
  | 'other-environment'
  | 'unknown-environment'
  /** The server compiled no catalog. */
  | 'catalog-refused'
  /** There was no catalog to apply, for a reason without a separate outcome. */
  | 'no-catalog'
  /** A catalog, but not applied to its end. */
  | 'incomplete'
  | 'disabled'
  | 'already-running'
  | 'ssl-locked'
  | 'not-signed'
  | 'csr-refused'
  | 'key-mismatch'
  /** The server rejected the host's certificate: revoked, cleaned, or issued by another CA. */
  | 'certificate-refused'
  /** The server's certificate was not issued by the CA that the host trusts. */
  | 'other-ca'
  | 'other-name'
  | 'server-unreachable'
  /** Puppet reached its own time limit. */
  | 'timeout'
  /** A signal ended it, or the host went down. */
  | 'killed'
  /** `PuppetRun.abort` ended it. */
  | 'aborted'
  /** The executable could not be started. */
  | 'not-started'
  /** It exited as if successful, but wrote no report of this run. */
  | 'no-report'
  | 'failed';

/** What became of a run, judged by exit code and report together. */
export interface PuppetVerdict {
  readonly ok: boolean;
  readonly outcome: PuppetOutcome;
  /** One line for people. */
  readonly reason: string;
  /** Null where none was recorded: the run was killed together with the shell that watched it. */
  readonly exitCode: number | null;
  /** How long it took; null where nobody recorded its end. */
  readonly seconds: number | null;
  /** The environment in which it ended; null where there is no report of it. */
  readonly environment: string | null;
  /** Whether a no-op run found something to change. */
  readonly noopPending: boolean;
  readonly resources: ResourceCounts | null;
  /** The first resources that failed. */
  readonly failedResources: readonly FailedResource[];
  /** Puppet's first messages of level error. */
  readonly errors: readonly string[];
  /** The last lines of the output. */
  readonly tail: readonly string[];
}

/** All that is known of a run when it has ended. */
export interface Evidence {
  readonly id: string;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly exitCode: number | null;
  /** Milliseconds. */
  readonly endedAt?: number | undefined;
  /** Puppet's report as it was when the run ended, maybe of another run. */
  readonly report: ReportHead | undefined;
  readonly resources: ResourceCounts | undefined;
  /** Like the report, maybe of another run. */
  readonly failedResources: readonly FailedResource[];
  readonly hints: OutputHints;
  /** The environment that was asked for. */
  readonly environment?: string | undefined;
  /** Why `abort` was called. */
  readonly aborted?: string | undefined;
  /** Whether the machine was started again during the run. */
  readonly isOtherBoot?: boolean;
  /** The message of the lock file that disables Puppet, where there is one. */
  readonly disabledMessage?: string | undefined;
}

type Judgement = readonly [PuppetOutcome, string];

/**
 * Judges a run. The exit code alone is wrong: Puppet exits 0 when it is killed in the middle of a run, and 0 or 2
 * when it ran production because the server did not know the environment.
 */
export function judge(evidence: Evidence): PuppetVerdict {
  const { exitCode, hints, startedAt, endedAt } = evidence;
  const report = isOwn(evidence) ? evidence.report : undefined;
  const failedResources = report ? evidence.failedResources : [];
  const [outcome, reason] = success(evidence, report) ?? failure({ ...evidence, failedResources }, report);
  return {
    ok: outcome === 'unchanged' || outcome === 'changed',
    outcome,
    reason: reason.slice(0, 1000),
    exitCode,
    seconds: endedAt === undefined ? null : Math.max(0, endedAt - startedAt) / 1000,
    environment: report?.environment ?? null,
    noopPending: report?.noopPending ?? false,
    resources: (report && evidence.resources) ?? null,
    failedResources,
    errors: hints.errors,
    tail: hints.tail,
  };
}

// A report names its run by the job id that we gave. One without a job id has only its time.
function isOwn({ id, report, startedAt }: Evidence): boolean {
  if (!report) return false;
  return report.jobId === null
    ? report.time !== null && report.time >= startedAt - 1000
    : report.jobId === id;
}

function success(evidence: Evidence, report: ReportHead | undefined): Judgement | undefined {
  const { exitCode, environment, resources } = evidence;
  if (exitCode !== 0 && exitCode !== 2) return;
  if (!report || report.status === 'failed' || !report.transactionCompleted) return;
  if (environment !== undefined && report.environment !== environment) return;
  if (report.cachedCatalogStatus === 'on_failure') return;
  const where = report.environment === null ? '' : ` in environment ${report.environment}`;
  if (report.noop && report.noopPending) return ['unchanged', `No-op run${where}: changes are pending`];
  if (report.status === 'unchanged') return ['unchanged', `Nothing to change${where}`];
  return ['changed', `${resources ? count(resources.changed, 'resource') : 'Resources'} changed${where}`];
}

function failure(evidence: Evidence, report: ReportHead | undefined): Judgement {
  const { environment, exitCode, hints, resources } = evidence;
  const failed = (resources?.failed ?? 0) + (resources?.failed_to_restart ?? 0);
  if (evidence.aborted !== undefined) return ['aborted', `The run was aborted: ${evidence.aborted}`];
  if (exitCode === null && evidence.isOtherBoot) return ['killed', 'The host went down during the run'];
  if (exitCode === null) return ['killed', 'The run was killed before its exit code was recorded'];
  if (exitCode > 128) return ['killed', `Puppet was killed by signal ${exitCode - 128}`];
  if (report && environment !== undefined && report.environment !== environment) {
    return [
      'other-environment',
      `Puppet ran environment ${report.environment} instead of the requested environment ${environment}`,
    ];
  }
  if (hints.lineOf('timeout') !== undefined)
    return ['timeout', "The run exceeded Puppet's time limit (runtimeout)"];
  if (exitCode === 0 && (report ? !report.transactionCompleted : hints.lineOf('terminated') !== undefined)) {
    return ['killed', 'Puppet was terminated in the middle of the run'];
  }
  if (!report && (exitCode === 126 || exitCode === 127 || exitCode === 125)) {
    return ['not-started', `Puppet could not be started: ${hints.tail.at(-1) ?? `exit code ${exitCode}`}`];
  }
  if (report?.cachedCatalogStatus === 'on_failure') {
    return [
      'no-catalog',
      `The server returned no catalog, so Puppet applied the cached one: ${detail(hints)}`,
    ];
  }
  if (report?.transactionCompleted) {
    if (failed > 0)
      return ['failed-resources', `${count(failed, 'resource')} failed: ${failuresOf(evidence)}`];
    return ['failed', `The catalog was applied, but Puppet exited with code ${exitCode}: ${detail(hints)}`];
  }
  const cause = causeOf(hints, evidence.environment);
  if (cause) return cause;
  if (report) {
    const outcome = report.configurationVersion === null ? 'no-catalog' : 'incomplete';
    const what =
      outcome === 'incomplete' ? 'The catalog was not applied completely' : 'Puppet received no catalog';
    return [outcome, `${what}: ${detail(hints)}`];
  }
  if (evidence.disabledMessage !== undefined)
    return ['disabled', `Puppet is disabled: ${evidence.disabledMessage || 'no reason given'}`];
  if (exitCode === 0 || exitCode === 2) {
    return ['no-report', `Puppet exited with code ${exitCode} but wrote no report of this run`];
  }
  return ['failed', `Puppet exited with code ${exitCode}: ${detail(hints)}`];
}

function failuresOf({ failedResources, hints }: Evidence): string {
  return failedResources.length === 0 ? detail(hints) : failedResources.map(wordsOf).join('; ');
}

function detail({ errors, tail }: OutputHints): string {
  return errors[0] ?? tail.at(-1) ?? 'no output';
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
