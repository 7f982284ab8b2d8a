import { expect } from 'chai';
import { describe, it } from 'mocha';
import { resultWithoutReply, type State, states, statsOf } from '../../src/call/result.js';

const resultOf = (sender: string, state: State) => ({
  sender,
  state,
  ok: state === 'ok',
  statusmsg: '',
  data: {},
  seconds: 1,
});
const times = { discoverySeconds: 1, callSeconds: 2 };

describe('the statistics of a call', () => {
  it('name the targets by state', () => {
    const results = [
      resultOf('a', 'ok'),
      resultOf('b', 'failed'),
      resultOf('c', 'ok'),
      resultOf('d', 'offline'),
      resultOf('e', 'no-reply'),
      resultOf('f', 'not-asked'),
    ];
    expect(statsOf('id', results, times, ['x'])).to.deep.equal({
      requestId: 'id',
      targets: 6,
      answered: 3,
      ok: 2,
      byState: { ok: ['a', 'c'], failed: ['b'], offline: ['d'], 'no-reply': ['e'], 'not-asked': ['f'] },
      unexpected: ['x'],
      discoverySeconds: 1,
      callSeconds: 2,
    });
  });

  it('are zero of no targets', () =>
    expect(statsOf('id', [], times)).to.deep.equal({
      requestId: 'id',
      targets: 0,
      answered: 0,
      ok: 0,
      byState: {},
      unexpected: [],
      ...times,
    }));

  for (const state of states)
    it(`count ${state} as ${['offline', 'no-reply', 'not-asked'].includes(state) ? 'silence' : 'an answer'}`, () =>
      expect(statsOf('id', [resultOf('a', state)], times).answered).to.equal(
        ['offline', 'no-reply', 'not-asked'].includes(state) ? 0 : 1,
      ));
});

describe('the result of a target without a reply', () => {
  it('is not ok, and has no data', () =>
    expect(resultWithoutReply('a', 'not-asked', 'why', 0)).to.deep.equal({
      sender: 'a',
      state: 'not-asked',
      ok: false,
      statusmsg: 'why',
      data: {},
      seconds: 0,
    }));
});
