import { expect } from 'chai';
import { describe, it } from 'mocha';
import { brokerMetrics } from '../src/broker-metrics.js';
import { checkBrokerConfig } from '../src/config.js';
import { zeroCounters } from '../src/mqtt/stats.js';

describe('the metrics of a broker', () => {
  it('are what its statistics say, beside their limits', () => {
    const config = checkBrokerConfig({
      listen: ['mqtt://127.0.0.1:0'],
      security: { mode: 'none' },
      limits: { connections: 77, backlog_total_bytes: 88 },
    });
    const stats = {
      ...zeroCounters(),
      ...{ clients: 10, nodes: 1, callers: 2, enrolling: 3, anonymous: 4, pending: 5 },
      ...{ retained: 6, retainedBytes: 7, backlogBytes: 8, outdated: 1 },
      ...{ accepted: 11, refused: 12, tlsFailures: 13, published: 14, delivered: 15 },
      ...{ deniedPublishes: 16, deniedSubscriptions: 17, slow: 18, twins: 19 },
    };
    const lines = brokerMetrics(config, () => stats)
      .text()
      .split('\n')
      .filter((line) => line.startsWith('troupe_broker_') && !/_(process|nodejs|build)_/.test(line))
      .map((line) => line.slice('troupe_broker_'.length));
    expect(lines).to.deep.equal([
      'clients{role="node"} 1',
      'clients{role="caller"} 2',
      'clients{role="enrolling"} 3',
      'clients{role="anonymous"} 4',
      'clients_limit 77',
      'connections_pending 5',
      'connections_accepted_total 11',
      'connections_refused_total 12',
      'tls_failures_total 13',
      'twins_total 19',
      'slow_clients_disconnected_total 18',
      'messages_published_total 14',
      'messages_delivered_total 15',
      'publishes_denied_total 16',
      'subscriptions_denied_total 17',
      'retained_messages 6',
      'retained_bytes 7',
      'backlog_bytes 8',
      'backlog_limit_bytes 88',
      'credentials_outdated 1',
      'validity_unreadable_files 0',
    ]);
  });
});
