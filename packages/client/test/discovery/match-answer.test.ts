import { emptyFilter, parseFact, type Reply, type ReplyOutcome, Status } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { matchOfPing, matchOfRequest } from '../../src/discovery/match-answer.js';

const common = {
  v: 1,
  type: 'reply',
  id: 'x',
  time: 0,
  seq: 1,
  sender: 'n',
  caller: 'c',
  session: 's',
  collective: 'm',
  agent: 'work',
  action: 'echo',
} as const;
const result = (outcome: ReplyOutcome, statuscode: number = Status.ok, agent = 'work'): Reply => ({
  ...common,
  kind: 'result',
  agent,
  outcome,
  statuscode,
  statusmsg: outcome,
  data: {},
});
const accepted: Reply = { ...common, kind: 'accepted', timeout: 5 };
const progress: Reply = { ...common, kind: 'progress', data: 'x' };

describe('the match of an answer to a discovery', () => {
  for (const [what, reply, match] of [
    ['ok', result('ok'), 'matched'],
    ['unmatched', result('unmatched'), 'unmatched'],
    ['denied', result('denied'), 'refused'],
    ['a filter that it cannot judge', result('failed', Status.invalidData), 'refused'],
    ['busy', result('busy'), 'busy'],
    ['accepted', accepted, undefined],
  ] as const)
    it(`${what}: ${match ?? 'none yet'}`, () => expect(matchOfPing(reply)).to.equal(match));
});

describe('the match of a reply to a request with a filter', () => {
  const plain = matchOfRequest({ ...emptyFilter, agents: ['work'], identities: ['/^n/'] });
  const filtered = matchOfRequest({ ...emptyFilter, facts: [parseFact('os=linux')] });
  for (const [what, reply, ofPlain, ofFiltered = ofPlain] of [
    ['accepted', accepted, 'matched'],
    ['progress', progress, 'matched'],
    ['ok', result('ok'), 'matched'],
    ['failed', result('failed', Status.aborted), 'matched'],
    ['busy', result('busy', Status.unknownError), 'matched'],
    ['unmatched', result('unmatched'), 'unmatched'],
    ['denied: by a policy that comes before facts', result('denied', Status.aborted), 'matched', 'refused'],
    ['invalid data: of the filter, perhaps', result('failed', Status.invalidData), 'matched', 'refused'],
    ['expired', result('expired', Status.aborted), 'refused'],
    ['unknown: it began it before it was restarted', result('unknown', Status.unknownError), 'matched'],
    ['unknown: it keeps nothing of it', result('unknown', Status.unknownError, ''), 'unmatched'],
  ] as const)
    it(`${what}: ${ofPlain}${ofPlain === ofFiltered ? '' : `, ${ofFiltered} with a filter for facts`}`, () => {
      expect(plain(reply)).to.equal(ofPlain);
      expect(filtered(reply)).to.equal(ofFiltered);
    });
});
