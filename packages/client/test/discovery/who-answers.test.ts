import { emptyFilter, parseFact } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { areFew, isUnfiltered } from '../../src/discovery/who-answers.js';

describe('a filter', () => {
  for (const [what, filter, expected] of [
    ['of nothing', emptyFilter, true],
    ['for an agent', { ...emptyFilter, agents: ['puppetd'] }, false],
    ['for a fact', { ...emptyFilter, facts: [parseFact('os=linux')] }, false],
  ] as const)
    it(`${what} ${expected ? 'leaves no node' : 'may leave nodes'} out`, () =>
      expect(isUnfiltered(filter)).to.equal(expected));

  it('is judged by all of 1 to 2000 nodes', () =>
    expect([0, 1, 2000, 2001].map(areFew)).to.deep.equal([false, true, true, false]));
});
