import { expect } from 'chai';
import { describe, it } from 'mocha';
import { OutputTail } from '../../src/puppet/output-tail.js';

describe('OutputTail', () => {
  for (const [what, lines, text] of [
    ['nothing', [], ''],
    ['what fits', ['one', 'two'], 'one\ntwo'],
    ['the last lines', ['one', 'two', 'three', 'four'], '…\nthree\nfour'],
    ['the end of a line that is too long', ['one', 'a line of many words'], '…\nmany words'],
  ] as const) {
    it(`keeps ${what}`, () => {
      const tail = new OutputTail(what === 'the last lines' ? 11 : 10);
      tail.add(lines);
      expect(tail.text).to.equal(text);
    });
  }
});
