import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compileFilterPattern, newMatch, patternOf } from '../../src/filter/pattern.js';
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
    ['[a-z]{0,1000}[0-9]{0,1000}', 'is too expensive'],
    ['a{999}'.repeat(170), 'is too expensive'],
    ['(a{2,31}){31}'.repeat(70), 'is too expensive'],
    ['('.repeat(1000), 'not valid'],
    ['a'.repeat(1025), 'the limit is 1024'],
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

describe('the regular expressions that are kept', () => {
  const others = (count: number, name: string) => {
    for (let index = 0; index < count; index += 1) compileRegex(`${name}${index}`);
  };

  it('are the last 16', () => {
    const [first, second] = [compileRegex('first'), compileRegex('second')];
    others(14, 'x');
    // Asked for again, the first is the one before last.
    expect(compileRegex('first')).to.equal(first);
    others(1, 'y');
    expect(compileRegex('second')).not.to.equal(second);
    expect(compileRegex('first')).to.equal(first);
    others(16, 'z');
    expect(compileRegex('first')).not.to.equal(first);
  });

  it('say what they are', () => {
    expect(`${compileRegex('a')}`).to.equal('a');
    expect(`${compileRegex('a', { ignoreCase: true })}`).to.equal('(?i)a');
    expect(compileRegex('a', { ignoreCase: true }).source).to.equal('a');
  });
});

describe('the bounds of a regular expression', () => {
  it('are 1024 characters', () => {
    expect(compileRegex('a'.repeat(1024)).test('a'.repeat(1024))).to.equal(true);
    expect(() => compileRegex('a'.repeat(1025))).to.throw('1025 characters long; the limit is 1024');
  });

  it('are 2000 steps for a character of text', () => {
    const repeated = (count: number) => `a{1000}a{${count}}`;
    const rest = 2000 - compileRegex(repeated(1)).size + 1;
    expect(compileRegex(repeated(rest)).size).to.equal(2000);
    expect(() => compileRegex(repeated(rest + 1))).to.throw('is too expensive');
  });

  // A part of nothing takes no steps, only the time to write it out.
  for (const repetition of ['{1000}', '{0,1000}', '{1000,}', '{500,1000}']) {
    it(`are 2000 repetitions, also of ${repetition}`, () => {
      const pattern = `(?:)${repetition}`;
      expect(compileRegex(pattern.repeat(2)).test('')).to.equal(true);
      expect(() => compileRegex(`${pattern.repeat(2)}(?:){1}`)).to.throw('is too expensive');
    });
  }

  it('show of a long one only its beginning', () => {
    const whole = `(${'a'.repeat(79)}`;
    expect(() => compileRegex(whole)).to.throw(`the regular expression ${whole} is not valid`);
    expect(() => compileRegex(`${whole}a`)).to.throw(
      `the regular expression ${whole.slice(0, 77)}... is not valid`,
    );
  });
});

describe('the /.../ of a filter', () => {
  it('may hold an escaped slash', () => {
    expect(compileFilterPattern('/role\\/x/').test('a role/x')).to.equal(true);
    expect(compileFilterPattern(patternOf('role/x')).test('role/x')).to.equal(true);
    expect(compileFilterPattern(patternOf('role\\/x')).test('role/x')).to.equal(true);
    expect(compileFilterPattern('/a\\\\b/').test('a\\b')).to.equal(true);
  });

  for (const wrong of ['web', '/', '//', '/a', 'a/', '/a/b/', '/a/g', '/a\nb/', '/a\\/', '/(/']) {
    it(`is refused as ${JSON.stringify(wrong)}`, () => {
      expect(() => compileFilterPattern(wrong))
        .to.throw()
        .with.property('code', 'FILTER_INVALID');
    });
  }

  it('costs 20 million steps in all, and not one more', () => {
    const pattern = `/${'a{100}'.repeat(10)}/`;
    const { size } = compileFilterPattern(pattern);
    const match = newMatch();
    // The rest that 20 million leave is of another size.
    const [length, rest] = [Math.floor(20_000_000 / size) - 2, 20_000_000 % size];
    expect(match(pattern, 'b'.repeat(length - 1))).to.equal(false);
    const small = compileFilterPattern('/c/').size;
    const left = size * 2 + rest;
    expect(match('/c/', 'b'.repeat(Math.floor(left / small) - 1))).to.equal(false);
    const spare = left % small;
    expect(spare).to.be.lessThan(small);
    expect(() => match('/c/', '')).to.throw('are too expensive for this node, at /c/: use simpler ones');
  });

  it('costs a bounded amount of work in all', () => {
    const match = newMatch();
    const pattern = '/(.{1,20}){1,20}x/';
    const text = 'ab'.repeat(2000);
    expect(() => {
      for (let count = 0; count < 100; count += 1) match(pattern, text);
    }).to.throw('are too expensive');
  });
});
