import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LineCutter, linesOf, onLine } from '../src/lines.js';

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

describe('the lines of a stream', () => {
  // Readline cuts at these too; JSON leaves them in its texts.
  const text = 'one\u2028still one\u2029and\u0085this\ntwo\r\nthe rest';
  const expected = ['one\u2028still one\u2029and\u0085this', 'two\r', 'the rest'];
  const stream = () => Readable.from([...Buffer.from(text)].map((byte) => Buffer.from([byte])));

  it('end at byte 0x0A alone, as they are read', async () => {
    const lines: string[] = [];
    for await (const line of linesOf(stream())) lines.push(line);
    expect(lines).to.deep.equal(expected);
  });

  it('end there as they are listened to', async () => {
    const lines: string[] = [];
    const source = stream();
    onLine(source, (line) => lines.push(line));
    await once(source, 'end');
    expect(lines).to.deep.equal(expected);
  });
});
