import {
  addProcessMetrics,
  addValidityMetrics,
  Metrics,
  readOnce,
  type Sample,
} from '@troupe/core/internal/metrics';
import type { BrokerConfig } from './config.js';
import type { BrokerStats } from './mqtt/stats.js';

/** The metrics of a broker, from its statistics. */
export function brokerMetrics(
  { security, limits }: Pick<BrokerConfig, 'security' | 'limits'>,
  read: () => BrokerStats,
): Metrics {
  const metrics = new Metrics('troupe_broker');
  const now = readOnce(read);
  const gauge = (name: string, help: string, value: (stats: BrokerStats) => number) =>
    metrics.watch('gauge', { name, help }, () => value(now()));
  const counter = (name: string, help: string, value: (stats: BrokerStats) => number) =>
    metrics.watch('counter', { name, help }, () => value(now()));

  metrics.watch(
    'gauge',
    {
      name: 'clients',
      help: 'Authenticated clients that are connected, by role: node, caller, enrolling, anonymous',
      labels: ['role'],
    },
    () => {
      const { nodes, callers, enrolling, anonymous } = now();
      return [
        [nodes, 'node'],
        [callers, 'caller'],
        [enrolling, 'enrolling'],
        [anonymous, 'anonymous'],
      ] satisfies Sample[];
    },
  );
  gauge('clients_limit', 'Maximum number of clients (limits.connections)', () => limits.connections);
  gauge('connections_pending', 'Connections that are not authenticated yet', ({ pending }) => pending);
  counter('connections_accepted_total', 'Clients that were authenticated', ({ accepted }) => accepted);
  counter(
    'connections_refused_total',
    'Connections that were refused, except those whose TLS handshake failed; the log has the reasons',
    ({ refused }) => refused,
  );
  counter('tls_failures_total', 'Connections whose TLS handshake failed', ({ tlsFailures }) => tlsFailures);
  counter(
    'twins_total',
    'Connections in which a second machine with the identity of another one was noticed; the log names both addresses',
    ({ twins }) => twins,
  );
  counter(
    'slow_clients_disconnected_total',
    'Clients that were disconnected because too much waited for them (limits.backlog_bytes, limits.backlog_total_bytes)',
    ({ slow }) => slow,
  );
  counter('messages_published_total', 'Messages that clients published', ({ published }) => published);
  counter(
    'messages_delivered_total',
    'Messages passed to clients: each published message once for each subscriber',
    ({ delivered }) => delivered,
  );
  counter(
    'publishes_denied_total',
    'Messages that were denied by permissions or limits',
    ({ deniedPublishes }) => deniedPublishes,
  );
  counter(
    'subscriptions_denied_total',
    'Subscriptions that were denied by permissions or limits',
    ({ deniedSubscriptions }) => deniedSubscriptions,
  );
  gauge('retained_messages', 'Retained messages', ({ retained }) => retained);
  gauge('retained_bytes', 'Size of the retained messages in bytes', ({ retainedBytes }) => retainedBytes);
  gauge('backlog_bytes', 'Bytes that wait to be sent to clients', ({ backlogBytes }) => backlogBytes);
  gauge(
    'backlog_limit_bytes',
    'Maximum number of bytes that wait for all clients together (limits.backlog_total_bytes)',
    () => limits.backlog_total_bytes,
  );
  gauge(
    'credentials_outdated',
    '1 if certificates or revocation lists have changed and cannot be used, so the previous ones stay; otherwise 0',
    ({ outdated }) => outdated,
  );
  addValidityMetrics(metrics, () => security);
  addProcessMetrics(metrics);
  return metrics;
}
