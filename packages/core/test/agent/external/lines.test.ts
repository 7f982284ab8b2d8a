import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LineCutter } from '../../../src/agent/external/lines.js';

const cut = (most: number, ...chunks: readonly (string | Buffer)[]) => {
  const cutter = new LineCutter(most);
  const lines = chunks.map((chunk) => [...cutter.cut(Buffer.from(chunk))]);
  return [...lines, [...cutter.end()], [...cutter.end()]];
};

describe('LineCutter', () => {
  for (const [what, most, chunks, lines] of [
    ['whole lines', 10, ['a\nbc\n'], [['a', 'bc'], [], []]],
    ['a line that comes in pieces', 10, ['a', 'b', 'c\nd'], [[], [], ['abc'], ['d'], []]],
    ['empty lines', 10, ['\n\n'], [['', ''], [], []]],
    ['nothing', 10, [], [[], []]],
    ['a line as long as may be', 3, ['abc\nd\n'], [['abc', 'd'], [], []]],
    ['a line that is too long', 3, ['abcd\n'], [['abc', 'd'], [], []]],
    ['a line that is far too long', 3, ['abcdefgh\ni\n'], [['abc', 'def', 'gh', 'i'], [], []]],
    ['a rest that is too long', 3, ['abcdefg'], [['abc', 'def'], ['g'], []]],
  ] as const) {
    it(`cuts ${what}`, () => {
      expect(cut(most, ...chunks)).to.deep.equal(lines);
    });
  }

  it('joins a character that is split between two chunks', () => {
    const [first, second] = [Buffer.from('ü').subarray(0, 1), Buffer.from('ü').subarray(1)];
    expect(cut(10, first, second, '\n')).to.deep.equal([[], [], ['ü'], [], []]);
    expect(cut(10, first)).to.deep.equal([[], ['\ufffd'], []]);
  });
});
