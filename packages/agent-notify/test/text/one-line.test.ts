import { expect } from 'chai';
import { describe, it } from 'mocha';
import { oneLine } from '../../src/text/one-line.js';

describe('oneLine', () => {
  for (const [title, text, expected] of [
    ['line breaks', '550-first\r\n550 second\n', '550-first 550 second'],
    ['control characters', 'a\u0000\u001b[31mb\u0085c', 'a [31mb c'],
    ['what is too long', 'abcdefghijk', 'abcdefghij…'],
  ] as const) {
    it(`takes away ${title}`, () => {
      expect(oneLine(text, title.includes('long') ? 10 : 100)).to.equal(expected);
    });
  }
});
