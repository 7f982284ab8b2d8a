import {
  addProcessMetrics,
  addValidityMetrics,
  Metrics,
  readOnce,
  type Sample,
} from '@troupe/core/internal/metrics';
import type { DaemonConfig } from '../config.js';
import type { DaemonStatus } from './status.js';

/** The metrics of a daemon, from its status. */
export function daemonMetrics(
  { security }: Pick<DaemonConfig, 'security'>,
  read: () => DaemonStatus,
): Metrics {
  const metrics = new Metrics('troupe_mcod');
  const now = readOnce(read);
  type Value = number | undefined | readonly Sample[];
  const watch =
    (type: 'counter' | 'gauge') =>
    (name: string, help: string, value: (status: DaemonStatus) => Value, labels: readonly string[] = []) =>
      metrics.watch(type, { name, help, labels }, () => value(now()));
  const gauge = watch('gauge');
  const counter = watch('counter');

  gauge('broker_connected', '1 while connected to a broker, otherwise 0', ({ broker }) =>
    flag(broker.connected),
  );
  counter(
    'broker_connects_total',
    'Connections to a broker that were established; more than a few in an hour: the network, the broker, or two machines with the same identity',
    ({ counts }) => counts.connects,
  );
  gauge(
    'ending',
    '1 while the daemon starts no requests and waits for running actions, before it exits or reloads; otherwise 0',
    ({ state }) => flag(state !== 'running'),
  );
  gauge(
    'paused',
    '1 while the node is paused (mco node pause) and refuses mutating actions, otherwise 0',
    ({ pause }) => flag(pause !== undefined),
  );
  counter('messages_total', 'Messages received', ({ counts }) => counts.total);
  counter(
    'messages_rejected_total',
    'Messages whose authentication failed, or that are malformed',
    ({ counts }) => counts.unvalidated,
  );
  counter('requests_matched_total', 'Requests that are for this node', ({ counts }) => counts.passed);
  counter(
    'requests_filtered_total',
    'Requests that are for other nodes, by their filter or their targets',
    ({ counts }) => counts.filtered,
  );
  counter('requests_denied_total', 'Requests that a policy denied', ({ counts }) => counts.denied);
  counter(
    'requests_expired_total',
    'Requests that came too late, or with a wrong clock',
    ({ counts }) => counts.ttlexpired,
  );
  counter('replies_total', 'Replies sent', ({ counts }) => counts.replies);
  counter(
    'actions_total',
    'Actions that have ended, by agent and outcome: ok, failed, aborted, timeout, …',
    ({ actions }) =>
      Object.entries(actions).flatMap(([agent, { outcomes }]) =>
        Object.entries(outcomes).map(([outcome, count]): Sample => [count, agent, outcome]),
      ),
    ['agent', 'outcome'],
  );
  counter(
    'action_seconds_total',
    'Duration of the actions that have ended, in seconds, waiting in the queue included, by agent',
    ({ actions }) => Object.entries(actions).map(([agent, { seconds }]): Sample => [seconds, agent]),
    ['agent'],
  );
  gauge('actions_running', 'Actions that run now', ({ counts }) => counts.running);
  gauge('requests_queued', 'Requests that wait to run (limits.concurrency)', ({ counts }) => counts.queued);
  gauge('requests_kept', 'Requests that have ended and whose replies are kept', ({ counts }) => counts.kept);
  gauge(
    'replies_kept_bytes',
    'Size of the replies that are kept, in bytes',
    ({ counts }) => counts.keptBytes,
  );
  gauge('agents_loaded', 'Agents that are loaded', ({ agents }) => Object.keys(agents).length);
  gauge(
    'last_request_timestamp_seconds',
    'Time of the last authenticated message, in seconds since 1970; absent before the first one',
    ({ lastRequest }) => (lastRequest === undefined ? undefined : lastRequest / 1000),
  );
  gauge(
    'clock_skew_seconds',
    "Seconds that this machine's clock is ahead of the callers' clocks; absent before the first request",
    ({ clockSkew }) => clockSkew,
  );
  gauge(
    'losses',
    'Parts that the daemon runs without although its configuration has them, by kind: agent, facts, policy, mutating requests, or the key of the configuration',
    ({ without }) => without.map(({ kind }): Sample => [1, kind]),
    ['kind'],
  );
  gauge(
    'twin',
    '1 while another machine with the same identity was seen within the last hour, otherwise 0',
    ({ twin }) => flag(twin !== undefined),
  );
  gauge(
    'facts_sources_failed',
    'Sources of facts that cannot be read now, facter included; their last known facts stay in use',
    ({ facts }) => facts.faults.length + (facts.facter?.reason === undefined ? 0 : 1),
  );
  // With a token, the files are those of the finished host.
  addValidityMetrics(
    metrics,
    () => (security.mode === 'x509' ? security : { callers: {} }),
    () => (security.mode === 'token' ? { token: now().certificateExpires } : {}),
  );
  addProcessMetrics(metrics);
  return metrics;
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}
