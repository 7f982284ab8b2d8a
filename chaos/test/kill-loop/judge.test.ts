import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Answer, LoopEvidence, RequestEvidence, RoundEvidence } from '../../src/kill-loop/evidence.js';
import { judgeLoop } from '../../src/kill-loop/judge.js';

const answer = (by: Answer['by'], state: Answer['state'], more: Partial<Answer> = {}): Answer => ({
  by,
  state,
  statusmsg: '',
  isBeforeKill: false,
  begun: 1,
  ended: 1,
  ...more,
});

/** One that was killed at work: nobody knows what became of it. */
const killed: RequestEvidence = {
  id: 'r1',
  round: 1,
  way: 'call',
  isJournaled: true,
  isNotedFirst: true,
  answers: [
    answer('call', 'unknown', { ended: 0 }),
    answer('again', 'unknown', { ended: 0 }),
    answer('attach', 'unknown', { ended: 0 }),
  ],
};
/** One that the daemon had not taken: it ran when it was sent again. */
const late: RequestEvidence = {
  ...killed,
  isJournaled: false,
  isNotedFirst: false,
  answers: [
    answer('call', 'offline', { statusmsg: 'the node is offline', begun: 0, ended: 0 }),
    answer('again', 'ok'),
    answer('attach', 'ok'),
  ],
};

const round: RoundEvidence = {
  round: 1,
  moment: 'at once',
  isHit: true,
  upAfter: 1,
  leftOvers: [],
  requests: [],
};

interface Case {
  readonly round?: Partial<RoundEvidence>;
  readonly marks?: { begun: number; ended: number };
  readonly outcomes?: readonly string[];
  readonly fault?: string;
}

function violations(request: RequestEvidence, { marks = { begun: 1, ended: 1 }, ...given }: Case = {}) {
  const evidence: LoopEvidence = {
    rounds: [{ ...round, ...given.round, requests: [request] }],
    marks: new Map(marks.begun > 0 ? [['r1', marks]] : []),
    audit: {
      fault: given.fault,
      lines: 3,
      outcomes: new Map([['r1', given.outcomes ?? ['begun', 'ok', 'unknown']]]),
    },
    crashes: [],
  };
  return judgeLoop(evidence)
    .flatMap((finding) => finding.violations.map((one) => `${finding.invariant}: ${one}`))
    .join('\n');
}

/** The same request with one answer changed. */
const withAnswer = (request: RequestEvidence, one: Answer): RequestEvidence => ({
  ...request,
  answers: request.answers.map((other) => (other.by === one.by ? one : other)),
});

describe('the judge of a kill loop', () => {
  it('has nothing against one that was killed at work, nor against one that ran afterwards', () => {
    expect(violations(killed, { marks: { begun: 1, ended: 0 } })).to.equal('');
    expect(violations(late)).to.equal('');
  });

  it('takes no reply for granted where none was wanted', () => {
    const sent = { ...killed, way: 'send' as const, answers: killed.answers.slice(1) };
    expect(violations(sent)).to.equal('');
  });

  const offline = { statusmsg: 'the node is offline', begun: 1, ended: 0 };
  const bad: readonly (readonly [string, RequestEvidence, Case, RegExp])[] = [
    [
      'one that ran twice',
      killed,
      { marks: { begun: 2, ended: 1 } },
      /no request ran twice: .* began 2 times/,
    ],
    [
      'one that was answered to nobody',
      { ...killed, answers: killed.answers.slice(1) },
      {},
      /an end with a name: .* no answer to call/,
    ],
    [
      'an answer without a state',
      withAnswer(killed, answer('call', undefined)),
      {},
      /an end with a name: .* call says nothing/,
    ],
    [
      'an ok of one that had not ended',
      withAnswer(late, answer('again', 'ok', { ended: 0 })),
      {},
      /what is called ok did run: .* ended 0 times/,
    ],
    [
      'one that ran and is called offline',
      withAnswer(killed, answer('call', 'offline', offline)),
      {},
      /said not to have run/,
    ],
    ['one that ran and is called expired', withAnswer(late, answer('again', 'expired')), {}, /said not to/],
    [
      'an unknown of one that the daemon never had',
      withAnswer(late, answer('again', 'unknown')),
      {},
      /unknown is only what the daemon was killed with: .* again says unknown/,
    ],
    [
      'an unknown from a daemon that runs',
      withAnswer(killed, answer('call', 'unknown', { isBeforeKill: true })),
      {},
      /unknown is only/,
    ],
    [
      'a result that was not kept',
      withAnswer(late, answer('attach', 'unknown')),
      {},
      /unknown is only .* attach says unknown/,
    ],
    ['one without a line in the audit', killed, { outcomes: [] }, /in the audit: .* has no line/],
    [
      'one that began before its line',
      killed,
      { outcomes: ['unknown'] },
      /in the audit: .* no line says begun/,
    ],
    ['an ok that the audit does not have', late, { outcomes: ['begun'] }, /in the audit: .* no line says ok/],
    ['a broken chain', killed, { fault: 'line 2' }, /the audit is whole over all restarts: line 2/],
    [
      'a temporary file',
      killed,
      { round: { leftOvers: ['.x.tmp'] } },
      /no temporary file is left: .*\.x\.tmp/,
    ],
    [
      'a daemon that stays down',
      killed,
      { round: { upAfter: undefined } },
      /comes up each time: round 1: killed at once/,
    ],
  ];
  for (const [what, request, given, words] of bad) {
    it(`sees ${what}`, () => {
      expect(violations(request, given)).to.match(words);
    });
  }
});
