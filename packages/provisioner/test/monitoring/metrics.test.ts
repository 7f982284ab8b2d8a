import type { Pause } from '@troupe/core/internal';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import type { Debt } from '../../src/debts/debts.js';
import type { NodeInHand, NodeReport } from '../../src/index.js';
import { ProvisionerMetrics } from '../../src/monitoring/metrics.js';

const about = { identity: 'web1', time: 1 } as const;
const report = { seconds: 61, secondsOutsidePuppet: 4, identity: 'web1', steps: [] } as const;
const ended = (outcome: NodeReport['outcome']): NodeReport => ({ ...report, outcome });

describe('the metrics', () => {
  let metrics: ProvisionerMetrics;
  beforeEach(() => {
    metrics = new ProvisionerMetrics({ callers: {} });
  });
  const lines = () =>
    metrics.metrics
      .text()
      .split('\n')
      .filter((line) => line.startsWith('troupe_provisioner_'))
      .map((line) => line.slice('troupe_provisioner_'.length));

  it('count arrivals, waits, steps, notifications and ends', () => {
    const notified = {
      ...about,
      type: 'notified',
      protocol: 'mailto',
      recipient: 'r',
      subject: 's',
    } as const;
    metrics.count({ ...about, type: 'arrived', collective: 'c' });
    for (let n = 0; n < 2; n += 1) metrics.count({ ...about, type: 'waiting', reason: 'r' });
    metrics.count({ ...about, type: 'step-ended', step: 'lock', outcome: 'failed', seconds: 0.3 });
    metrics.count({ ...notified, delivered: true });
    metrics.count({ ...notified, delivered: false });
    metrics.count({ ...about, type: 'done', report: ended('done') });
    metrics.count({
      ...about,
      type: 'quarantined',
      reason: 'r',
      recorded: true,
      report: ended('quarantined'),
    });
    expect(lines()).to.include.members([
      'arrivals_total 1',
      'waits_total 2',
      'step_seconds_sum{step="lock",outcome="failed"} 0.3',
      'step_seconds_count{step="lock",outcome="failed"} 1',
      'step_seconds_bucket{step="lock",outcome="failed",le="0.25"} 0',
      'step_seconds_bucket{step="lock",outcome="failed",le="0.5"} 1',
      'notifications_total{protocol="mailto",delivered="true"} 1',
      'notifications_total{protocol="mailto",delivered="false"} 1',
      'finished_total{outcome="done"} 1',
      'finished_total{outcome="quarantined"} 1',
      'seconds_sum{outcome="done"} 61',
      'outside_puppet_seconds_sum{outcome="quarantined"} 4',
    ]);
  });

  it('have buckets for steps of moments and for runs of Puppet of minutes, which dashboards rely on', () => {
    metrics.count({ ...about, type: 'step-ended', step: 'lock', outcome: 'ok', seconds: 0 });
    const bounds = lines().flatMap((line) => /^step_seconds_bucket\{.*le="([^"]+)"/.exec(line)?.[1] ?? []);
    expect(bounds.join(' ')).to.equal('0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 300 600 1800 +Inf');
  });

  it('count nothing else', () => {
    metrics.count({ ...about, type: 'left', reason: 'r' });
    metrics.count({ ...about, type: 'begun' });
    metrics.count({ ...about, type: 'step-started', step: 'lock', attempt: 1 });
    const counted = lines().filter((line) =>
      /^(finished|notifications_total|step_seconds|seconds)/.test(line),
    );
    expect(counted).to.deep.equal([
      'finished_total{outcome="done"} 0',
      'finished_total{outcome="quarantined"} 0',
    ]);
    expect(lines()).to.include.members(['arrivals_total 0', 'waits_total 0']);
  });

  it('tell of the nodes in hand and of a pause whenever somebody looks', () => {
    let nodes: readonly NodeInHand[] = [
      { identity: 'web1', state: 'working', master: 'puppet1' },
      { identity: 'web2', state: 'working', master: 'puppet1' },
      { identity: 'web3', state: 'planning' },
    ];
    let pause: Pause | undefined = { by: 'ops', since: '', reason: '' };
    const client = { isConnected: true };
    const debt = { certname: 'web1', identity: 'web1', since: 0, reason: 'r' };
    let debts: readonly Debt[] = [
      { ...debt, master: 'puppet2' },
      { ...debt, certname: 'web2', master: 'puppet2' },
    ];
    const mastersAway = () => [{ identity: 'puppet2', awaySince: 0 }];
    const about = { collective: 'provisioning', reason: 'r', since: 0, count: 1 };
    const arrivals = () => [
      { ...about, identity: 'web4', state: 'clock-wrong' } as const,
      { ...about, identity: 'web5', state: 'refused' } as const,
    ];
    const watched = { nodes: () => nodes, paused: () => pause, debts: () => debts, mastersAway, arrivals };
    metrics.watch(watched, client);
    expect(lines()).to.include.members([
      'nodes{state="working"} 2',
      'machines{state="clock-wrong"} 1',
      'machines{state="refused"} 1',
      'machines{state="offline"} 0',
      'nodes{state="planning"} 1',
      'nodes{state="waiting"} 0',
      'nodes{state="queued"} 0',
      'nodes{state="telling"} 0',
      'master_nodes{master="puppet1"} 2',
      'paused 1',
      'broker_connected 1',
      'masters_away 1',
      'debts{master="puppet2"} 2',
    ]);
    expect(lines()).to.include.members(['notifications_waiting 0', 'notifications_oldest_seconds 0']);
    metrics.watchJournal({ isFailing: true });
    expect(lines()).to.include('journal_failing 1');
    metrics.watchJournal({ isFailing: false });
    expect(lines()).to.include('journal_failing 0');
    metrics.watchMessages(() => ({ waiting: 3, oldestSince: Date.now() - 60_000 }));
    const oldest = lines().find((line) => line.startsWith('notifications_oldest_seconds'));
    expect(Number(oldest?.split(' ')[1])).to.be.at.least(60);
    expect(lines()).to.include('notifications_waiting 3');
    debts = [];
    client.isConnected = false;
    nodes = [];
    pause = undefined;
    const now = lines();
    expect(now).to.include.members(['nodes{state="working"} 0', 'paused 0', 'broker_connected 0']);
    expect(now.filter((line) => /^(master_nodes|debts)\{/.test(line))).to.deep.equal([]);
  });
});
