import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rowLines } from '../../src/text/rows.js';
import { wrap } from '../../src/text/wrap.js';

describe('wrapping a text', () => {
  it('breaks it at blanks, and a word that is longer than the line where the line ends', () => {
    expect(wrap('one two three', 8)).to.deep.equal(['one two', 'three']);
    expect(wrap('see abcdefghijkl now', 8)).to.deep.equal(['see', 'abcdefgh', 'ijkl now']);
    expect(wrap('short', 8)).to.deep.equal(['short']);
    expect(wrap('a\n  b c', 4)).to.deep.equal(['a', '  b', 'c']);
  });

  it('loses no character and keeps to the width, whatever the width', () => {
    const text = 'the broker closed the connection: certificate has expired 2026-01-01T00:00:00Z';
    for (let width = 1; width < text.length + 2; width += 1) {
      const lines = wrap(text, width);
      expect(lines.join('').replaceAll(' ', '')).to.equal(text.replaceAll(' ', ''));
      expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(width);
    }
  });
});

describe('rows as lines in columns', () => {
  const rows = [
    ['NODE', 'STATE', 'REASON'],
    ['node-1', 'failed', 'no Puppet server could be reached within 30 s'],
  ];

  it('stay one line each if nothing limits the width', () => {
    expect(rowLines(rows, { margin: 3 })).to.deep.equal([
      '   NODE    STATE   REASON',
      '   node-1  failed  no Puppet server could be reached within 30 s',
    ]);
  });

  it('wrap the last cell within its column', () => {
    expect(rowLines(rows, { width: 42 })).to.deep.equal([
      'NODE    STATE   REASON',
      'node-1  failed  no Puppet server could be',
      '                reached within 30 s',
    ]);
  });

  it('wrap the last cell on lines of its own if little of the width is left', () => {
    expect(rowLines(rows, { width: 32 })).to.deep.equal([
      'NODE    STATE   REASON',
      'node-1  failed',
      '    no Puppet server could be',
      '    reached within 30 s',
    ]);
  });
});
