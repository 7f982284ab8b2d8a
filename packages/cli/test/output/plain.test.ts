import { expect } from 'chai';
import { describe, it } from 'mocha';
import { jsonLines, pieceLines, plain, plainLine, valueLines } from '../../src/output/plain.js';

describe('texts from the network', () => {
  const table: readonly [what: string, text: string, safe: string][] = [
    ['colours', '\u001b[1;33mWarning\u001b[0m: x', 'Warning: x'],
    ['a title of the window', '\u001b]0;owned\u0007after', 'after'],
    ['a bell and a null', 'a\u0007b\u0000c', 'a?b?c'],
    ['a lone carriage return', 'good\rbad', 'good?bad'],
    ['a C1 control', 'a\u009b31mb', 'ab'],
    ['a right-to-left override', 'exe\u202egpj', 'exe?gpj'],
    ['a zero-width space', 'web\u200b1', 'web?1'],
    ['lines of Windows', 'a\r\nb', 'a\nb'],
    ['a tabulator', 'a\tb', 'a    b'],
    ['other alphabets', 'žluťoučký 馬', 'žluťoučký 馬'],
  ];
  for (const [what, text, safe] of table) {
    it(`${what} are made safe`, () => expect(plain(text)).to.equal(safe));
  }

  it('become one line', () => expect(plainLine(' a\nb\n')).to.equal('a b'));

  it('of a running action become lines', () => {
    expect(pieceLines('a\nb\n')).to.deep.equal(['a', 'b']);
    expect(pieceLines('a\n\nb')).to.deep.equal(['a', '', 'b']);
    expect(pieceLines({ percent: 5 })).to.deep.equal(['{"percent":5}']);
  });
});

describe('values', () => {
  const table: readonly [value: unknown, lines: readonly string[]][] = [
    [null, ['']],
    [undefined, ['']],
    ['', ['']],
    ['a\nb\n\n', ['a', 'b']],
    [3, ['3']],
    [false, ['false']],
    [[], ['[]']],
    [{}, ['{}']],
    [['a', 1], ['["a", 1]']],
    [{ a: { b: [] } }, ['{ "a": { "b": [] } }']],
    [
      { first: 'as long as it gets', second: ['short', 'list'] },
      ['{', '  "first": "as long as it gets",', '  "second": ["short", "list"]', '}'],
    ],
  ];
  for (const [value, lines] of table) {
    it(JSON.stringify(value) ?? 'undefined', () => expect(valueLines(value, 32)).to.deep.equal(lines));
  }

  it('stay JSON whatever the width', () => {
    const value = { a: [1, { b: 'c'.repeat(50) }], d: { e: [], f: null }, g: [['x', 'y'], []] };
    for (const width of [0, 10, 30, 200]) {
      expect(JSON.parse(jsonLines(value, width).join('\n'))).to.deep.equal(value);
    }
  });
});
