import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compilePattern, newMatch, patternOf } from '../../src/filter/pattern.js';
import { compileRegex } from '../../src/filter/regex.js';

describe('a regular expression from the network', () => {
  for (const pattern of [
    '(a+)+$',
    '(a|a)*b',
    '(x+x+)+y',
    '(\\w+\\s?)*$',
    '(.*a){20}z',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
  ]) {
    it(`is matched in bounded work: ${pattern}`, () => {
      // A backtracking engine needs centuries for these.
      const text = `${'a'.repeat(50_000)}!`;
      expect(compileRegex(pattern).test(text)).to.be.a('boolean');
    });
  }

  for (const [pattern, reason] of [
    ['(', 'missing closing )'],
    ['a{2,1}', 'invalid repeat count'],
    ['(?=a)b', '(?='],
    ['(a)\\1', '\\1'],
    ['((a{30}){30}){30}', 'repeat'],
    ['[a-z]{0,1000}[0-9]{0,1000}', 'costs too much'],
    ['a{999}'.repeat(170), 'costs too much'],
    ['(a{2,31}){31}'.repeat(70), 'costs too much'],
    ['('.repeat(1000), 'not valid'],
    ['a'.repeat(1025), '1024 are allowed'],
  ] as const) {
    it(`is refused with a reason: ${pattern.slice(0, 40)}`, () => {
      expect(() => compileRegex(pattern)).to.throw(Error, reason);
    });
  }

  it('is matched anywhere, and $ is the end of the text alone', () => {
    expect(compileRegex('b').test('abc')).to.equal(true);
    expect(compileRegex('^b').test('a\nb')).to.equal(false);
    expect(compileRegex('a$').test('a\n')).to.equal(false);
  });

  it('is kept apart from the same one that ignores case, and from all others', () => {
    expect(compileRegex('A', { ignoreCase: true }).test('a')).to.equal(true);
    expect(compileRegex('A').test('a')).to.equal(false);
    for (let index = 0; index < 40; index += 1) compileRegex(`^${index}$`);
    expect(compileRegex('^7$').test('7')).to.equal(true);
    expect(compileRegex('^7$').test('8')).to.equal(false);
  });
});

describe('the /.../ of a filter', () => {
  it('may hold an escaped slash', () => {
    expect(compilePattern('/role\\/x/').test('a role/x')).to.equal(true);
    expect(compilePattern(patternOf('role/x')).test('role/x')).to.equal(true);
    expect(compilePattern(patternOf('role\\/x')).test('role/x')).to.equal(true);
    expect(compilePattern('/a\\\\b/').test('a\\b')).to.equal(true);
  });

  for (const wrong of ['web', '/', '//', '/a', 'a/', '/a/b/', '/a/g', '/a\nb/', '/a\\/', '/(/']) {
    it(`is refused as ${JSON.stringify(wrong)}`, () => {
      expect(() => compilePattern(wrong))
        .to.throw()
        .with.property('code', 'FILTER_INVALID');
    });
  }

  it('costs a bounded amount of work in all', () => {
    const match = newMatch();
    const pattern = '/(.{1,20}){1,20}x/';
    const text = 'ab'.repeat(2000);
    expect(() => {
      for (let count = 0; count < 100; count += 1) match(pattern, text);
    }).to.throw('cost too much');
  });
});
