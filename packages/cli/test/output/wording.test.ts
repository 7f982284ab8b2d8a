import { expect } from 'chai';
import { describe, it } from 'mocha';
import { counted, span } from '../../src/output/wording.js';

describe('wording', () => {
  const spans: readonly [number, string][] = [
    [0.0123, '12 ms'],
    [0.9994, '999 ms'],
    [1, '1.00 s'],
    [59.99, '59.99 s'],
    [60, '1 min 00 s'],
    [125.4, '2 min 05 s'],
  ];
  for (const [seconds, text] of spans) it(text, () => expect(span(seconds)).to.equal(text));
  it('counts nouns in singular and plural', () => {
    expect([counted(0), counted(1), counted(2), counted(1, 'time')]).to.deep.equal([
      '0 nodes',
      '1 node',
      '2 nodes',
      '1 time',
    ]);
  });
});
