import { expect } from 'chai';
import { describe, it } from 'mocha';
import { oneLine } from '../../src/rpc/one-line.js';

describe('a text for a place that takes one line', () => {
  it('is one line of bounded length', () => {
    expect(oneLine(' a\n\tb  c ')).to.equal('a b c');
    expect(oneLine('x'.repeat(3000))).to.have.length(2000);
    expect(oneLine('abc', 2)).to.equal('ab');
  });
});
