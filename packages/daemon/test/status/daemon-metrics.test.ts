import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseDaemonConfig } from '../../src/config.js';
import { daemonMetrics } from '../../src/status/daemon-metrics.js';
import type { DaemonStatus } from '../../src/status/status.js';

const sound: DaemonStatus = {
  v: 1,
  state: 'running',
  time: 0,
  interval: 30,
  pid: 4711,
  version: '0.1.0',
  identity: 'web1.lab',
  collectives: ['mcollective'],
  config: '/etc/troupe/mcod.yaml',
  since: 0,
  broker: { connected: true },
  without: [],
  counts: {
    ...{ total: 9, validated: 8, unvalidated: 1, passed: 5, filtered: 2, ttlexpired: 3, denied: 4 },
    ...{ replies: 7, version1: 0, running: 11, queued: 12, kept: 13, keptBytes: 14, connects: 15 },
  },
  actions: {},
  agents: { rpcutil: '1.0.0', discovery: '1.1.0' },
  facts: { faults: [] },
  memory: 60_000_000,
};

describe('the metrics of a daemon', () => {
  const linesOf = (change: Partial<DaemonStatus> = {}, config = 'security: { mode: none }') =>
    daemonMetrics(parseDaemonConfig(config), () => ({ ...sound, ...change }))
      .text()
      .split('\n')
      .filter((line) => line.startsWith('troupe_mcod_'))
      .map((line) => line.slice('troupe_mcod_'.length));

  it('are what its status says', () => {
    expect(linesOf()).to.include.members([
      'broker_connected 1',
      'broker_connects_total 15',
      'ending 0',
      'twin 0',
      'paused 0',
      'messages_total 9',
      'messages_rejected_total 1',
      'requests_matched_total 5',
      'requests_filtered_total 2',
      'requests_denied_total 4',
      'requests_expired_total 3',
      'replies_total 7',
      'actions_running 11',
      'requests_queued 12',
      'requests_kept 13',
      'replies_kept_bytes 14',
      'agents_loaded 2',
      'facts_sources_failed 0',
    ]);
  });

  it('count actions by agent and outcome, with their duration', () => {
    const actions = {
      puppetd: { outcomes: { ok: 3, failed: 1 }, seconds: 12.5 },
      rpcutil: { outcomes: { ok: 1 }, seconds: 0.25 },
    } as const;
    expect(linesOf({ actions })).to.include.members([
      'actions_total{agent="puppetd",outcome="ok"} 3',
      'actions_total{agent="puppetd",outcome="failed"} 1',
      'actions_total{agent="rpcutil",outcome="ok"} 1',
      'action_seconds_total{agent="puppetd"} 12.5',
      'action_seconds_total{agent="rpcutil"} 0.25',
    ]);
  });

  it('show a lost broker, a daemon that ends, and sources of facts that fail', () => {
    const faults = [{ source: '/etc/troupe/facts.d', reason: 'damaged' }];
    const facts = { faults, facter: { reason: 'facter: not found' } };
    const pause = { by: 'choria=rip', since: '2030-01-01T00:00:00Z', reason: 'disk' };
    const twin = { address: '192.0.2.7', since: 1, seen: 2 };
    expect(linesOf({ broker: { connected: false }, state: 'ending', facts, twin, pause })).to.include.members(
      ['broker_connected 0', 'ending 1', 'facts_sources_failed 2', 'twin 1', 'paused 1'],
    );
  });

  it('count what it runs without, by kind', () => {
    const loss = (kind: string, what: string) => ({ kind, what, reason: 'EROFS: read-only file system' });
    const without = [
      loss('agent', 'the agent ./a.mjs'),
      loss('agent', 'the agent ./b.mjs'),
      loss('audit.file', 'audit.file'),
    ];
    expect(linesOf({ without }).filter((line) => line.startsWith('losses'))).to.deep.equal([
      'losses{kind="agent"} 2',
      'losses{kind="audit.file"} 1',
    ]);
    expect(linesOf().filter((line) => line.startsWith('losses'))).to.deep.equal([]);
  });

  it('leave out what is not known yet', () => {
    const names = (change: Partial<DaemonStatus>) =>
      linesOf(change).filter((line) => /^(last_request|clock_skew|validity_end)/.test(line));
    expect(names({})).to.deep.equal([]);
    expect(names({ lastRequest: 1_800_000_000_000, clockSkew: -2.5 })).to.deep.equal([
      'last_request_timestamp_seconds 1800000000',
      'clock_skew_seconds -2.5',
    ]);
  });

  it('show when the enrolment token expires, and not the files of the finished host', () => {
    const token = 'security: { mode: token, token: /t, ca: /ca.pem, certificate: /c.pem, key: /k.pem }';
    const validity = linesOf({ certificateExpires: 1_800_000_000_000 }, token).filter((line) =>
      line.startsWith('validity'),
    );
    expect(validity).to.deep.equal([
      'validity_end_timestamp_seconds{kind="token"} 1800000000',
      'validity_unreadable_files 0',
    ]);
  });

  it('count files of certificates that cannot be read', () => {
    const x509 = 'security: { ca: /missing/ca.pem, certificate: /missing/c.pem, key: /missing/k.pem }';
    expect(linesOf({}, x509)).to.include.members(['validity_unreadable_files 2']);
  });
});
