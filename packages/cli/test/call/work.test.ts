import { expect } from 'chai';
import { describe, it } from 'mocha';
import { workOfWords } from '../../src/call/work.js';
import { ddl } from '../lab-agent.js';

describe('the words of rpc', () => {
  it('become an input, by the types of the DDL', () => {
    expect(workOfWords(ddl, 'weigh', ['unit=lb', 'brief=yes']).input).to.deep.equal({
      unit: 'lb',
      brief: true,
    });
    expect(workOfWords(ddl, 'slow', ['seconds=2.5']).input).to.deep.equal({ seconds: 2.5 });
    expect(workOfWords(ddl, 'move', ['to=a=b']).input).to.deep.equal({ to: 'a=b' });
  });

  const bad: readonly [action: string, words: readonly string[], message: string][] = [
    [
      'wiegh',
      [],
      `Unknown action 'wiegh' for agent 'lab' (did you mean "weigh"?); its actions are: weigh, move`,
    ],
    [
      'weigh',
      ['untit=kg'],
      '"untit" is not an input of lab weigh (did you mean "unit"?); its inputs: unit, brief',
    ],
    ['crash', ['x=1'], '"x" is not an input of lab crash; it has no inputs'],
    ['move', ['too=x'], '"too" is not an input of lab move (did you mean "to"?); its inputs: to'],
    ['move', [], 'Cannot validate input to: it is required (see mco help rpc lab move)'],
    ['move', ['to'], '"to" is not an input of the form NAME=VALUE: write to=VALUE'],
    ['move', ['=x'], '"=x" is not an input of the form NAME=VALUE'],
    ['move', ['to=a', 'to=b'], 'the input "to" is given twice'],
    ['weigh', ['unit=g'], 'Cannot validate input unit: must be one of kg, lb'],
    ['weigh', ['brief=perhaps'], 'Cannot validate input brief: must be true or false'],
    ['slow', ['seconds=long'], 'Cannot validate input seconds: must be a number'],
  ];
  for (const [action, words, message] of bad) {
    it(`${action} ${words.join(' ')}: ${message}`, () => {
      expect(() => workOfWords(ddl, action, words)).to.throw(message);
    });
  }
});
