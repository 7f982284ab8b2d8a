import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isTraceparent } from '../../src/index.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';

describe('isTraceparent', () => {
  for (const flags of ['00', '01', 'ff']) {
    it(`accepts a context with the flags ${flags}`, () => {
      expect(isTraceparent(`00-${trace}-${parent}-${flags}`)).to.equal(true);
    });
  }

  for (const [what, text] of [
    ['nothing', ''],
    ['another version', `01-${trace}-${parent}-01`],
    ['capital letters', `00-${trace.toUpperCase()}-${parent}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${parent}-01`],
    ['a parent of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['more after the flags', `00-${trace}-${parent}-01-x`],
    ['a line feed', `00-${trace}-${parent}-01\n`],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(isTraceparent(text)).to.equal(false);
    });
  }
});
