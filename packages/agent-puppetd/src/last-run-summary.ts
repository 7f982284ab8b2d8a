import { ActionError, type ActionOf, type OutputOf } from '@troupe/core';
import type ddl from '@troupe/ddl/puppetd.json';
import type { Puppet, RunSummary } from './puppet/index.js';

type Output = OutputOf<ActionOf<typeof ddl, 'last_run_summary'>>;

/** The statistics of the last run by MCollective's names; throws an ActionError if Puppet has never run. */
export async function lastRunSummary(puppet: Puppet, withLogs: boolean): Promise<Output> {
  const summary = await puppet.summary();
  if (!summary) throw new ActionError('Puppet has never run on this host');
  return {
    ...figuresOf(summary),
    type_distribution: await puppet.typeDistribution(),
    summary: { ...summary.document },
    ...(withLogs && { logs: await puppet.logs() }),
  };
}

/** The statistics alone. */
export function figuresOf({ resources, times, configVersion }: RunSummary) {
  const lastrun = times.last_run ?? 0;
  return {
    out_of_sync_resources: resources.out_of_sync,
    failed_resources: resources.failed,
    corrected_resources: resources.corrective_change,
    changed_resources: resources.changed,
    total_resources: resources.total,
    config_retrieval_time: times.config_retrieval ?? 0,
    total_time: times.total ?? 0,
    lastrun,
    since_lastrun: lastrun === 0 ? null : Math.max(0, Math.floor(Date.now() / 1000) - lastrun),
    config_version: configVersion ?? '',
  };
}
