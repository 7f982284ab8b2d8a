import { type Result, type State, statsOf } from '@troupe/client';
import { type ActionDdl, aggregate } from '@troupe/core';
import type { Found } from '../src/call/selection.js';
import { exitCodeOf } from '../src/exit.js';
import type { Report } from '../src/output/presenter.js';
import { ddl } from './lab-agent.js';

/** The action `weigh` of the agent of the tests. */
export const weigh: ActionDdl = ddl.actions[0];

export function result(sender: string, state: State, extra: Partial<Result> = {}): Result {
  return {
    sender,
    state,
    ok: state === 'ok',
    statusmsg: state === 'ok' ? 'OK' : 'a reason',
    data: {},
    seconds: 0.25,
    ...(state === 'ok' ? { statuscode: 0 } : {}),
    ...extra,
  };
}

/** The report of a call that had these results. */
export function reportOn(results: readonly Result[], extra: Partial<Found> = {}, action = weigh): Report {
  const found: Found = {
    method: 'broadcast',
    nodes: results.map(({ sender }) => sender),
    silent: [],
    refused: [],
    offline: [],
    seconds: 0.5,
    ...extra,
  };
  const stats = statsOf('0'.repeat(32), results, { discoverySeconds: found.seconds, callSeconds: 1.5 });
  return {
    agent: 'lab',
    action: action.action,
    found,
    results,
    unfinished: [],
    stats,
    summaries: aggregate(action, results),
    exitCode: exitCodeOf({
      method: found.method,
      stats,
      silentInDiscovery: found.silent.length,
      interrupted: undefined,
    }),
  };
}
