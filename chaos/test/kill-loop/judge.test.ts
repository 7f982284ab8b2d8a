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
      /no request ran more than once: .* started 2 times/,
    ],
    [
      'one that was answered to nobody',
      { ...killed, answers: killed.answers.slice(1) },
      {},
      /a reply with a state: .* no reply to call/,
    ],
    [
      'an answer without a state',
      withAnswer(killed, answer('call', undefined)),
      {},
      /a reply with a state: .* reply to call: no state/,
    ],
    [
      'an ok of one that had not ended',
      withAnswer(late, answer('again', 'ok', { ended: 0 })),
      {},
      /every request reported as ok did run: .* ended 0 times/,
    ],
    [
      'one that ran and is called offline',
      withAnswer(killed, answer('call', 'offline', offline)),
      {},
      /reported as not run did run/,
    ],
    [
      'one that ran and is called expired',
      withAnswer(late, answer('again', 'expired')),
      {},
      /reported as not run did run/,
    ],
    [
      'an unknown of one that the daemon never had',
      withAnswer(late, answer('again', 'unknown')),
      {},
      /only requests interrupted by a kill are reported as unknown: .* reply to again: unknown/,
    ],
    [
      'an unknown from a daemon that runs',
      withAnswer(killed, answer('call', 'unknown', { isBeforeKill: true })),
      {},
      /reported as unknown/,
    ],
    [
      'a result that was not kept',
      withAnswer(late, answer('attach', 'unknown')),
      {},
      /reported as unknown: .* reply to attach: unknown/,
    ],
    ['one without a line in the audit', killed, { outcomes: [] }, /in the audit log: .* has no entry/],
    [
      'one that began before its line',
      killed,
      { outcomes: ['unknown'] },
      /in the audit log: .* no entry with the outcome begun/,
    ],
    [
      'an ok that the audit does not have',
      late,
      { outcomes: ['begun'] },
      /in the audit log: .* no entry with the outcome ok/,
    ],
    ['a broken chain', killed, { fault: 'line 2' }, /the audit log is intact across all restarts: line 2/],
    [
      'a temporary file',
      killed,
      { round: { leftOvers: ['.x.tmp'] } },
      /no temporary files are left over: .*\.x\.tmp/,
    ],
    [
      'a daemon that stays down',
      killed,
      { round: { upAfter: undefined } },
      /restarts every time: round 1: killed at once/,
    ],
  ];
  for (const [what, request, given, words] of bad) {
    it(`sees ${what}`, () => {
      expect(violations(request, given)).to.match(words);
    });
  }
});
