import { expect } from 'chai';
import { describe, it } from 'mocha';
import { oneLine } from '../../src/text/one-line.js';

describe('oneLine', () => {
  for (const [title, text, expected] of [
    ['line breaks', '550-first\r\n550 second\n', '550-first 550 second'],
    ['blanks and tabs', ' a\n\tb  c ', 'a b c'],
    ['control characters', 'a\u0000\u001b[31mb\u0085c', 'a [31mb c'],
  ] as const) {
    it(`takes away ${title}`, () => expect(oneLine(text)).to.equal(expected));
  }

  it('keeps 2000 characters by default, the last of which says that there were more', () => {
    expect(oneLine('x'.repeat(2000))).to.equal('x'.repeat(2000));
    expect(oneLine('x'.repeat(2001))).to.equal(`${'x'.repeat(1999)}…`);
    expect(oneLine('abcdefghijk', 10)).to.equal('abcdefghi…');
  });

  it('cuts no character in half', () => expect(oneLine('ab😀cd', 4)).to.equal('ab…'));
});
