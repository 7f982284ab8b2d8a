import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { naturalOrder } from '../../src/text/natural-order.js';

describe('the natural order of names', () => {
  it('puts node-2 before node-10', () => {
    const names = ['node-10.example.net', 'node-2.example.net', 'node-1.example.net', 'db3', 'db20', 'db'];
    expect(names.sort(naturalOrder)).to.deep.equal([
      'db',
      'db3',
      'db20',
      'node-1.example.net',
      'node-2.example.net',
      'node-10.example.net',
    ]);
  });

  it('compares numbers of any length, and addresses part by part', () => {
    const names = ['b99999999999999999999', 'b100000000000000000000', '10.0.0.10', '10.0.0.9', '9.0.0.1'];
    expect(names.sort(naturalOrder)).to.deep.equal([
      '9.0.0.1',
      '10.0.0.9',
      '10.0.0.10',
      'b99999999999999999999',
      'b100000000000000000000',
    ]);
  });

  it('has one place for each name, also where numbers differ by leading zeros only', () => {
    const name = fc.stringMatching(/^[ab01-]{0,6}$/);
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(naturalOrder(a, b))).to.equal(-Math.sign(naturalOrder(b, a)) + 0);
        if (naturalOrder(a, b) === 0) expect(a).to.equal(b);
        if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0) expect(naturalOrder(a, c)).to.be.at.most(0);
      }),
      { numRuns: 3000 },
    );
  });
});
