import { expect } from 'chai';
import { describe, it } from 'mocha';
import { printable } from '../../src/text/printable.js';

describe('a printable text', () => {
  const marks: readonly (readonly [what: string, mark: string])[] = [
    ['an escape', '\u001b'],
    ['a C1 control', '\u009b'],
    ['a delete', '\u007f'],
    ['a right-to-left override', '\u202e'],
    ['a left-to-right isolate', '\u2066'],
    ['an Arabic letter mark', '\u061c'],
    ['a zero-width space', '\u200b'],
    ['a word joiner', '\u2060'],
    ['a byte order mark', '\ufeff'],
    ['a soft hyphen', '\u00ad'],
    ['a combining grapheme joiner', '\u034f'],
    ['a Hangul filler', '\u3164'],
    ['a tag character', '\u{e0041}'],
    ['a line separator', '\u2028'],
    ['a lone surrogate', '\ud800'],
  ];
  for (const [what, mark] of marks)
    it(`shows a mark for ${what}`, () => expect(printable(`web${mark}1`)).to.equal('web?1'));

  it('keeps letters of all scripts, combining accents, spaces and emojis', () => {
    const text = 'Zürich e\u0301 東京 שלום مرحبا ✔\ufe0f 😀';
    expect(printable(text)).to.equal(text);
  });

  it('keeps the characters that the caller names', () => {
    expect(printable('a\n\tb\u001b', { keep: '\n\t', mark: '\ufffd' })).to.equal('a\n\tb\ufffd');
  });
});
