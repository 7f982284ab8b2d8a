import { ActionError, type ActionOf, type OutputOf } from '@troupe/core';
import type ddl from '@troupe/ddl/puppetd.json';
import { isApplied, type LastRun, type Puppet } from './puppet/index.js';

type Output = OutputOf<ActionOf<typeof ddl, 'last_run_summary'>>;

/** The statistics of the last run by MCollective's names; throws an ActionError if Puppet has never run or left no readable summary. */
export async function lastRunSummary(puppet: Puppet, withLogs: boolean): Promise<Output> {
  const last = await puppet.lastRun();
  if (last.outcome === 'never') throw new ActionError('Puppet has never run on this host');
  if (!last.summary) throw new ActionError(last.fault ?? 'Cannot read the summary of the last Puppet run');
  return {
    ...figuresOf(last),
    type_distribution: await puppet.typeDistribution(),
    summary: { ...last.summary.document },
    ...(withLogs && { logs: await puppet.logs() }),
  };
}

/** The statistics alone. Counts are null where no run applied its catalog: 0 would say that nothing failed. */
export function figuresOf({ outcome, summary, ended }: LastRun) {
  const resources = isApplied(outcome) ? summary?.resources : undefined;
  return {
    lastrun_outcome: outcome,
    out_of_sync_resources: resources?.out_of_sync ?? null,
    failed_resources: resources?.failed ?? null,
    corrected_resources: resources?.corrective_change ?? null,
    changed_resources: resources?.changed ?? null,
    total_resources: resources?.total ?? null,
    config_retrieval_time: summary ? (summary.times.config_retrieval ?? (resources ? 0 : null)) : null,
    total_time: summary?.times.total ?? (resources ? 0 : null),
    lastrun: ended,
    since_lastrun: ended ? Math.max(0, Math.floor(Date.now() / 1000) - ended) : null,
    config_version: summary?.configVersion ?? '',
  };
}
