import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Candidate, chooseMaster } from '../../src/index.js';

const master = (identity: string, facts: Record<string, unknown> = {}, load = 0): Candidate => ({
  identity,
  facts,
  load,
});

const eu = master('puppet-eu', { region: 'eu-west-1', country: 'ie' });
const us = master('puppet-us', { region: 'us-east-1', country: 'us' });

describe('chooseMaster', () => {
  for (const [what, facts, masters, criteria, expected, reason] of [
    [
      'the first criterion decides',
      { region: 'eu-west-1', country: 'us' },
      [eu, us],
      ['region', 'country'],
      'puppet-eu',
      'region eu-west-1 matches',
    ],
    [
      'a later criterion decides where the first fits nobody',
      { region: 'us-2', country: 'us' },
      [eu, us],
      ['region', 'country'],
      'puppet-us',
      'no master with region us-2; country us matches',
    ],
    [
      'a fact that the node lacks decides nothing',
      { country: 'ie' },
      [eu, us],
      ['region', 'country'],
      'puppet-eu',
      'the node has no fact region; country ie matches',
    ],
    [
      'an empty fact decides nothing',
      { region: ' ', country: 'ie' },
      [eu, us],
      ['region', 'country'],
      'puppet-eu',
      'the node has no fact region; country ie matches',
    ],
    [
      'nothing matches',
      { region: 'x', country: 'y' },
      [us, eu],
      ['region', 'country'],
      'puppet-eu',
      'no master with region x; no master with country y; the least loaded of 2 masters',
    ],
    ['no criteria', {}, [us, eu], [], 'puppet-eu', 'the least loaded of 2 masters'],
    ['one master', {}, [us], ['region'], 'puppet-us', 'the node has no fact region; the only master'],
    [
      'a structured fact is reached by its path',
      { aws: { region: 'a' } },
      [master('m', { aws: { region: 'a' } }), eu],
      ['aws.region'],
      'm',
      'aws.region a matches',
    ],
    [
      'a number and a text of the same digits agree',
      { rack: 7 },
      [master('m', { rack: '7' }), eu],
      ['rack'],
      'm',
      'rack 7 matches',
    ],
    [
      'structures never agree',
      { net: { a: 1 } },
      [master('m', { net: { a: 1 } })],
      ['net'],
      'm',
      'the node has no fact net; the only master',
    ],
  ] as const) {
    it(what, () => {
      expect(chooseMaster(facts, masters, criteria)).to.deep.equal({ master: expected, reason });
    });
  }

  it('chooses the least loaded of the masters that match, with the reason', () => {
    const busy = master('a', { region: 'eu' }, 3);
    const idle = master('b', { region: 'eu' }, 1);
    expect(chooseMaster({ region: 'eu' }, [busy, idle, us], ['region'])).to.deep.equal({
      master: 'b',
      reason: 'region eu matches, the least loaded of 2 masters there',
    });
  });

  it('takes the first by name of equals, however they are listed', () => {
    const masters = ['c', 'a', 'b'].map((name) => master(name, { region: 'eu' }));
    for (const list of [masters, masters.toReversed()]) {
      expect(chooseMaster({ region: 'eu' }, list, ['region'])?.master).to.equal('a');
    }
  });

  it('has nothing to choose where there is no master', () => {
    expect(chooseMaster({ region: 'eu' }, [], ['region'])).to.equal(undefined);
  });
});
