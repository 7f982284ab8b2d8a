import { expect, use } from 'chai';
import { describe, it } from 'mocha';
import { actionAssertions, type CallResult } from '../../src/index.js';

use(actionAssertions);

const result = (more: Partial<CallResult>): CallResult => ({
  outcome: 'ok',
  statuscode: 0,
  statusmsg: 'OK',
  data: { value: 1, list: ['a'] },
  sender: 'node-1.test',
  progress: [],
  ...more,
});
const failed = result({ outcome: 'failed', statuscode: 4, statusmsg: 'no such thing', data: {} });

describe('actionAssertions', () => {
  it('pass where the call ended so', () => {
    expect(result({})).to.succeed();
    expect(result({})).to.succeed({ list: ['a'] });
    expect(failed).to.failWith();
    expect(failed).to.failWith(4);
    expect(failed).to.failWith('invalidData', 'such');
    expect(failed).to.failWith(4, /^no/);
    expect(failed).to.not.succeed();
    expect(result({ outcome: 'denied', statuscode: 1 })).to.endAs('denied');
  });

  const wrong: [string, () => void, string][] = [
    ['a failure', () => expect(failed).to.succeed(), 'the outcome was "failed" with status 4: no such thing'],
    ['other outputs', () => expect(result({})).to.succeed({ value: 2 }), 'value'],
    ['a success', () => expect(result({})).to.failWith(), 'expected the action to fail'],
    ['another status', () => expect(failed).to.failWith(3), 'to equal 3'],
    ['another message', () => expect(failed).to.failWith(4, 'nothing'), "to include 'nothing'"],
    ['another end', () => expect(failed).to.endAs('timeout'), 'the outcome "timeout"'],
    ['a promise', () => expect(Promise.resolve(failed)).to.succeed(), 'is an await missing?'],
  ];
  for (const [what, check, message] of wrong) {
    it(`fail for ${what} and say what was there`, () => {
      expect(check).to.throw(message);
    });
  }
});
