import type { Result, Stats } from '@troupe/client';
import { type ActionDdl, aggregate } from '@troupe/core';
import { exitCodeOf } from '../exit.js';
import type { Report } from '../output/presenter.js';
import type { Found } from './selection.js';
import type { Setting } from './setting.js';
import type { Work } from './work.js';

/** The report of a call that has ended. */
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
      unreachable: found.unreachable?.length,
      byRequest: found.byRequest,
      interrupted: setting.interruption.exitCode,
    }),
  };
}

/** The report of a call that was not made, because there was no node to call. */
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
