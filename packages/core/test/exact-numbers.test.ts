import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isLargeInteger, parseExactJson, parseExactYaml } from '../src/exact-numbers.js';
import { matches, parseFilter } from '../src/index.js';

describe('reading numbers exactly', () => {
  const digits = '18446744073709551615';

  for (const [written, value] of [
    ['9007199254740991', 9_007_199_254_740_991],
    ['-9007199254740991', -9_007_199_254_740_991],
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    [digits, digits],
    ['1152921504606846976', '1152921504606846976'],
    ['1234567890123456.5', 1_234_567_890_123_456.5],
    ['0.1234567890123456', 0.123_456_789_012_345_6],
    ['1e300', 1e300],
    ['7', 7],
    [`"${digits}"`, digits],
  ] as const) {
    it(`reads ${written} as ${JSON.stringify(value)} in JSON and YAML`, () => {
      expect(parseExactJson(`{"a":[{"b":${written}}]}`)).to.deep.equal({ a: [{ b: value }] });
      expect(parseExactYaml(`a:\n- b: ${written}\n`)).to.deep.equal({ a: [{ b: value }] });
    });
  }

  it('keeps the digits of a number that JavaScript calls infinite', () => {
    expect(parseExactJson('[1e400]')).to.deep.equal(['1e400']);
  });

  it('reads hexadecimal and large numbers next to each other in YAML', () => {
    expect(
      parseExactYaml(`a: 0xFFFFFFFFFFFFFFFF\nb: 0x10\nc: ${digits}\nd: &d [${digits}]\ne: *d\n`),
    ).to.deep.equal({
      a: digits,
      b: 16,
      c: digits,
      d: [digits],
      e: [digits],
    });
  });

  it('reads a key named __proto__ as any other', () => {
    for (const parse of [parseExactJson, parseExactYaml]) {
      const read = parse(`{"__proto__": ${digits}, "a": {"__proto__": ${digits}}}`) as Record<
        string,
        unknown
      >;
      expect(Object.entries(read)[0]).to.deep.equal(['__proto__', digits]);
      expect(Object.entries(read.a as object)).to.deep.equal([['__proto__', digits]]);
    }
  });

  it('finds nodes by such a fact', async () => {
    const node = { identity: 'a', classes: [], agents: [], facts: { size: parseExactJson(digits) } };
    const selects = (text: string) => matches(parseFilter({ facts: [text] }), node);
    expect(await selects(`size=${digits}`)).to.equal(true);
    expect(await selects('size=18446744073709551614')).to.equal(false);
    expect(await selects('size>18446744073709551614')).to.equal(true);
    expect(await selects('size<18446744073709551616')).to.equal(true);
    expect(await selects('size>9')).to.equal(true);
  });

  it('recognizes the text of a large integer', () => {
    for (const text of [digits, `-${digits}`]) expect(isLargeInteger(text)).to.equal(true);
    for (const text of ['9007199254740991', '1', `${digits}.0`, 'abc', 7, null, `${digits}x`])
      expect(isLargeInteger(text), String(text)).to.equal(false);
  });
});
