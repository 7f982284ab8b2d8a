import type { DaemonStatus } from '@troupe/daemon';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { daemonFindings } from '../../../src/commands/doctor/daemon.js';

const now = Date.parse('2026-06-01T12:00:00Z');
const sound: DaemonStatus = {
  v: 1,
  state: 'running',
  time: now - 4_000,
  interval: 30,
  pid: 4711,
  version: '0.1.0',
  identity: 'web1.lab',
  collectives: ['mcollective'],
  config: '/etc/troupe/mcod.yaml',
  since: now - 7_200_000,
  broker: { connected: true, since: now - 60_000, url: 'mqtts://broker:8883' },
  lastRequest: now - 5_000,
  counts: {
    ...{
      total: 1,
      validated: 1,
      unvalidated: 0,
      passed: 1,
      filtered: 0,
      ttlexpired: 0,
      version1: 0,
      denied: 0,
      replies: 1,
    },
    ...{ running: 0, queued: 0, kept: 1, keptBytes: 10, connects: 1 },
  },
  actions: {},
  agents: { rpcutil: '1.0.0', discovery: '1.1.0' },
  certificateExpires: Date.parse('2027-06-01'),
  without: [],
  facts: { faults: [] },
  clockSkew: 0.2,
  memory: 60_000_000,
};

function bad(change: Partial<DaemonStatus>, isAlive = true): readonly string[] {
  return daemonFindings({ ...sound, ...change }, { now, isAlive: () => isAlive })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, subject, message }) => `${level} ${subject}: ${message}`);
}

describe('the status of a daemon', () => {
  it('names both addresses of two machines with one identity', () => {
    const twin = { address: '10.0.0.2', since: now - 9_000, seen: now - 61_000 };
    const broker = { ...sound.broker, address: '10.0.0.1' };
    const findings = daemonFindings({ ...sound, broker, twin }, { now, isAlive: () => true });
    expect(findings.filter(({ level }) => level === 'fault').map(({ message }) => message)).to.deep.equal([
      'two machines use the identity web1.lab: this one (10.0.0.1) and one at 10.0.0.2, last seen 1 min 01 s ago; give each machine its own identity and certificate',
    ]);
  });

  it('is sound', () => {
    const findings = daemonFindings(sound, { now, isAlive: () => true });
    expect(findings.map(({ level }) => level)).to.deep.equal(Array(5).fill('ok'));
    expect(findings.map(({ message }) => message)).to.deep.equal([
      'web1.lab has been running for 2 h, version 0.1.0, process 4711',
      'connected to mqtts://broker:8883 for 1 min 00 s',
      'the certificate of the daemon expires on 2027-06-01, in 364 days',
      "this machine's clock is within 5 s of the clocks of callers",
      'last request 5.00 s ago; 0 running, 0 queued; 2 agents',
    ]);
  });

  it('warns about a certificate by the life that it has, if its file says when that began', () => {
    const day = 86_400_000;
    const short = { ...sound, certificateExpires: now + 20 * day };
    const levels = (begins?: () => number) =>
      daemonFindings(short, { now, isAlive: () => true, ...(begins && { begins }) })
        .filter(({ subject }) => subject === 'certificate')
        .map(({ level }) => level);
    expect(levels()).to.deep.equal(['warn']);
    expect(levels(() => now - 10 * day)).to.deep.equal(['ok']);
  });

  const table: readonly [what: string, change: Partial<DaemonStatus>, said: string][] = [
    [
      'that hangs',
      { time: now - 71_000 },
      'fault daemon: process 4711 has not written its status file for 1 min 11 s: the daemon hangs, or the disk is full',
    ],
    [
      'that runs without an agent',
      { without: [{ kind: 'agent', what: 'the agent ./a.mjs', reason: 'setup failed:\nno such device' }] },
      'fault daemon: it runs without the agent ./a.mjs: setup failed: no such device',
    ],
    ['that ended', { state: 'ended' }, 'fault daemon: web1.lab stopped 4.00 s ago: start the daemon again'],
    [
      'that ends',
      { state: 'ending' },
      'warn daemon: web1.lab is shutting down or restarting: it waits for running actions and starts no new ones',
    ],
    [
      'without its broker',
      {
        broker: { connected: false, since: now - 90_000, url: 'mqtts://broker:8883', reason: 'ECONNREFUSED' },
      },
      'fault broker: not connected to a broker for 1 min 30 s (last broker: mqtts://broker:8883): ECONNREFUSED',
    ],
    [
      'whose certificate is over',
      { certificateExpires: now - 1000 },
      'fault certificate: the certificate of the daemon expired on 2026-06-01: renew it',
    ],
    [
      'whose clock is off',
      { clockSkew: -12 },
      "warn clock: this machine's clock is 12 s behind the clocks of callers: check NTP",
    ],
    [
      'whose clock is far off',
      { clockSkew: 61 },
      "fault clock: this machine's clock is 61 s ahead of the clocks of callers: requests are refused; check NTP",
    ],
    [
      'whose facts cannot be read',
      { facts: { faults: [{ source: '/etc/facts.yaml', reason: 'EACCES' }] } },
      'warn facts: cannot read facts from /etc/facts.yaml: EACCES; the last valid facts stay in use',
    ],
  ];
  for (const [what, change, said] of table) {
    it(`of one ${what}`, () => expect(bad(change)).to.deep.equal([said]));
  }

  it('of one that was killed', () => {
    expect(bad({}, false)).to.deep.equal([
      'fault daemon: web1.lab is not running: process 4711 does not exist, and the status file was last written 4.00 s ago',
    ]);
  });
});
