import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import { hasLeft } from '../../src/steps/has-left.js';

describe('the failure of a step', () => {
  for (const [what, kind, steps, expected] of [
    ['no agent any more', 'gone', { restart: false, verify: true }, true],
    [
      'gone silent, and nobody looks whether it is back',
      'unreachable',
      { restart: true, verify: false },
      true,
    ],
    ['gone silent, and was to be back', 'unreachable', { restart: true, verify: true }, false],
    ['gone silent, and was not sent away', 'unreachable', { restart: false, verify: false }, false],
    ['refused', 'failed', { restart: true, verify: false }, false],
  ] as const) {
    it(`${expected ? 'means' : 'does not mean'} that the node has left if it has ${what}`, () => {
      expect(hasLeft(new StepFailure(kind, 'no'), steps)).to.equal(expected);
    });
  }

  it('does not mean that the node has left if it is a defect', () => {
    expect(hasLeft(new Error('no'), { restart: true, verify: false })).to.equal(false);
  });
});
