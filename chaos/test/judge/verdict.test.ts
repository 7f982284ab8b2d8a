import type { RunLine } from '@troupe/emulator';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Evidence, HistoryLine, IssuedEvidence, NodeEvidence } from '../../src/judge/evidence.js';
import { judge } from '../../src/judge/verdict.js';

const at = (second: number) => new Date(second * 1000).toISOString();

const line = (second: number, step: string, outcome: string, attempt = 1): HistoryLine => ({
  time: at(second),
  step,
  attempt,
  outcome,
  reason: null,
  owner: 'p1',
});

const run = (id: string, environment: string, begin: number, end?: number, exitCode = 2): RunLine[] => [
  { event: 'begin', id, environment, time: begin * 1000 },
  ...(end === undefined ? [] : [{ event: 'end' as const, id, environment, time: end * 1000, exitCode }]),
];

const history = [
  line(9, 'sign_node_csr', 'started'),
  line(20, 'puppet_bootstrap_stage', 'started'),
  line(30, 'puppet_final_run', 'started'),
];

const good: NodeEvidence = {
  identity: 'web1',
  behaviour: 'healthy',
  record: { history, lease: null, quarantine: null, done: { since: at(40) } },
  runs: [...run('b', 'bootstrap', 21, 22), ...run('p', 'production', 31, 32)],
  reported: ['CSR1'],
  carriedOut: ['r1', 'r2'],
  fencedOff: 0,
  answersWith: 'c1',
  told: [],
  notified: ['done'],
};

const certificate: IssuedEvidence = {
  master: 'm1',
  certname: 'web1',
  serial: '2',
  fingerprint: 'c1',
  csr: 'CSR1',
  time: 10_000,
  isRevoked: false,
};

const violations = (nodes: NodeEvidence[], issued = [certificate], more: Partial<Evidence> = {}) =>
  judge({
    nodes,
    issued,
    unseen: [],
    leasesLeft: [],
    notifications: { all: 1, repeated: 0 },
    crashes: [],
    ...more,
  }).flatMap((finding) => finding.violations.map((violation) => `${finding.invariant}: ${violation}`));

const recordOf = (node: NodeEvidence) => {
  if (!node.record) throw new Error('no record');
  return node.record;
};
const withRuns = (...runs: RunLine[][]): NodeEvidence => ({ ...good, runs: runs.flat() });
const withHistory = (...more: HistoryLine[]): NodeEvidence => ({
  ...good,
  record: { ...recordOf(good), history: [...history, ...more] },
});

describe('the judge', () => {
  it('has nothing against a node that went the straight way', () => {
    expect(violations([good])).to.deep.equal([]);
  });

  const bad: readonly (readonly [string, () => string[], RegExp])[] = [
    [
      'a node of whose end people were not notified',
      () => violations([{ ...good, notified: ['quarantined'] }]),
      /people were notified of every node that finished: web1: no notification that it is done/,
    ],
    [
      'a healthy node in quarantine',
      () =>
        violations([{ ...good, record: { ...recordOf(good), quarantine: { reason: 'x', since: at(1) } } }]),
      /every healthy node is provisioned: web1: quarantined: x/,
    ],
    [
      'one that is not done',
      () => violations([{ ...good, record: { ...recordOf(good), done: null } }]),
      /web1: not provisioned; last step: puppet_final_run started/,
    ],
    ['one that is silent', () => violations([{ ...good, answersWith: undefined }]), /no reply in the main/],
    [
      'a certificate that is revoked',
      () => violations([good], [{ ...certificate, isRevoked: true }]),
      /its certificate 2 from m1 is revoked/,
    ],
    [
      'two runs for one attempt',
      () => violations([withRuns(run('b', 'bootstrap', 21, 22, 1), run('c', 'bootstrap', 23, 24))]),
      /run c: attempt 1 of puppet_bootstrap_stage had already started the run b/,
    ],
    [
      'a run that nobody asked for',
      () => violations([withRuns(run('b', 'bootstrap', 5, 6))]),
      /run b: no attempt of puppet_bootstrap_stage had started/,
    ],
    [
      'a run beside another',
      () => violations([withRuns(run('b', 'bootstrap', 21, 40), run('p', 'production', 31, 32))]),
      /run p: the earlier run b had not ended/,
    ],
    [
      'a run after one that had gone well',
      () => {
        const node = withHistory(line(23, 'puppet_bootstrap_stage', 'started', 2));
        const runs = [...run('b', 'bootstrap', 21, 22), ...run('c', 'bootstrap', 24, 25)];
        return violations([{ ...node, runs }]);
      },
      /run c: the earlier run b had already succeeded/,
    ],
    [
      'a signed CSR of somebody else',
      () => violations([good], [certificate, { ...certificate, serial: '3', csr: 'CSR2' }]),
      /m1 signed 3 for web1, from CSR2/,
    ],
    [
      'two certificates in one attempt',
      () => violations([good], [certificate, { ...certificate, serial: '3', time: 11_000 }]),
      /web1: 2 certificates in attempt 1/,
    ],
    [
      'a request that was carried out twice',
      () => violations([{ ...good, carriedOut: ['r1', 'r1'] }]),
      /no mutating request was run more than once: web1: request r1/,
    ],
    [
      'a lease',
      () => violations([good], [certificate], { leasesLeft: ['web1: p1'] }),
      /every lease was released: web1: p1/,
    ],
    [
      'a sick node without its reason',
      () => violations([{ ...good, behaviour: 'planted', answersWith: undefined }]),
      /web1 \(planted\): not quarantined/,
    ],
    [
      'one that is there although it should not',
      () => violations([{ ...good, behaviour: 'planted' }]),
      /web1 \(planted\): unexpectedly in the main collective/,
    ],
    [
      'one that vanished without a word',
      () => violations([{ ...good, behaviour: 'vanishes', answersWith: undefined }]),
      /no log has a reason/,
    ],
    [
      'a crash',
      () => violations([good], [certificate], { crashes: ['broker'] }),
      /exited unexpectedly: broker/,
    ],
  ];
  for (const [what, find, words] of bad) {
    it(`sees ${what}`, () => {
      expect(find().join('\n')).to.match(words);
    });
  }

  it('takes a run again where the machine was switched off in the middle, or the step was voided', () => {
    const again = line(23, 'puppet_bootstrap_stage', 'started', 2);
    const cut = [...run('b', 'bootstrap', 21), ...run('c', 'bootstrap', 24, 25)];
    expect(violations([{ ...withHistory(again), runs: cut }])).to.deep.equal([]);
    const voided = [line(22.5, 'puppet_bootstrap_stage', 'void'), again];
    const runs = [...run('b', 'bootstrap', 21, 22), ...run('c', 'bootstrap', 24, 25)];
    expect(violations([{ ...withHistory(...voided), runs }])).to.deep.equal([]);
  });
});
