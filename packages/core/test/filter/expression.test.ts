import { expect } from 'chai';
import { describe, it } from 'mocha';
import { dataOperands, type Expression, print } from '../../src/filter/expression.js';
import { parseExpression } from '../../src/filter/expression-parser.js';

const a: Expression = { kind: 'class', name: 'a' };
const b: Expression = { kind: 'class', name: 'b' };
const c: Expression = { kind: 'class', name: 'c' };
const fact = (name: string, operator: string, value: string) => ({
  kind: 'fact',
  fact: name,
  operator,
  value,
});

const readings: readonly (readonly [text: string, expression: unknown])[] = [
  ['a', a],
  ['((a))', a],
  ['a and b and c', { kind: 'and', of: [a, b, c] }],
  ['a or b and c', { kind: 'or', of: [a, { kind: 'and', of: [b, c] }] }],
  ['(a or b) and c', { kind: 'and', of: [{ kind: 'or', of: [a, b] }, c] }],
  ['(a and b) and c', { kind: 'and', of: [{ kind: 'and', of: [a, b] }, c] }],
  ['not a and b', { kind: 'and', of: [{ kind: 'not', of: a }, b] }],
  ['!a', { kind: 'not', of: a }],
  ['!(a OR b)', { kind: 'not', of: { kind: 'or', of: [a, b] } }],
  ['not not a', { kind: 'not', of: { kind: 'not', of: a } }],
  ['!country=uk', { kind: 'not', of: fact('country', '==', 'uk') }],
  ['country!=uk', fact('country', '!=', 'uk')],
  ['country = uk', fact('country', '==', 'uk')],
  ['country=~uk', fact('country', '=~', '/uk/')],
  ['country=/uk/i', fact('country', '=~', '/uk/i')],
  ['country!=/u|k and x/', fact('country', '!~', '/u|k and x/')],
  ['path=/var/log and b', { kind: 'and', of: [fact('path', '==', '/var/log'), b] }],
  ['path="/var/"', fact('path', '==', '/var/')],
  ['os.release.major >= 12', fact('os.release.major', '>=', '12')],
  ['memory=<4', fact('memory', '<=', '4')],
  [`motd='it\\'s "here"'`, fact('motd', '==', 'it\'s "here"')],
  ['dir="C:\\temp"', fact('dir', '==', 'C:\\temp')],
  [
    '/^apache/ or /x y/',
    {
      kind: 'or',
      of: [
        { kind: 'class', name: '/^apache/' },
        { kind: 'class', name: '/x y/' },
      ],
    },
  ],
  ['"and"', { kind: 'class', name: 'and' }],
  ['path=/var', fact('path', '==', '/var')],
  ['path=//', fact('path', '==', '//')],
  ['path=/\\/x/', fact('path', '=~', '/\\/x/')],
  ['path=/\\d/', fact('path', '=~', '/\\d/')],
  ['(path=/x/)', fact('path', '=~', '/x/')],
  ['/^APACHE/i', { kind: 'class', name: '/^APACHE/i' }],
  [Array(40).fill('(a)').join(' and '), { kind: 'and', of: Array(40).fill(a) }],
  [Array(40).fill('!a').join(' and '), { kind: 'and', of: Array(40).fill({ kind: 'not', of: a }) }],
  ['a'.repeat(4096), { kind: 'class', name: 'a'.repeat(4096) }],
  ['apache::mod', { kind: 'class', name: 'apache::mod' }],
  [
    "fstat('/etc/x').size>0",
    { kind: 'data', name: 'fstat', query: '/etc/x', output: 'size', operator: '>', value: '0' },
  ],
  [
    'puppet().enabled=false',
    { kind: 'data', name: 'puppet', output: 'enabled', operator: '==', value: 'false' },
  ],
  [
    'fact("os").value =/a/',
    { kind: 'data', name: 'fact', query: 'os', output: 'value', operator: '=~', value: '/a/' },
  ],
];

/** Why a text is refused. */
function messageOf(text: string): string {
  try {
    parseExpression(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was read');
}

describe('a compound filter', () => {
  for (const [text, expression] of readings) {
    it(`is read: ${text}`, () => {
      const read = parseExpression(text);
      expect(read).to.deep.equal(expression);
      expect(parseExpression(print(read))).to.deep.equal(read);
    });
  }

  for (const [text, column, reason] of [
    ['', 1, 'unexpected end'],
    ['a b', 3, 'expected "and" or "or" before b'],
    ['a and', 6, 'unexpected end'],
    ['and a', 1, 'expected a class or a fact'],
    ['(a or b', 1, 'this ( is not closed'],
    ['a)', 2, 'this ) has no matching ('],
    ['(a b)', 4, 'expected "and", "or" or ")"'],
    ['a=)', 3, 'expected a value after "="; put quotes around a value'],
    ['a=~"("', 4, 'missing closing )'],
    ['a!~"("', 4, 'missing closing )'],
    ['f("x") .y=1', 8, 'expected the name of an output'],
    ['f("x")".y"=1', 7, 'expected the name of an output'],
    ['f("x").y.z=1', 7, 'expected the name of an output'],
    ['f ("x").y=1', 3, 'expected "and" or "or" before ('],
    ['"/a"', 1, 'not a valid class name'],
    ['//', 1, 'not a valid class name'],
    ['/a', 1, 'not a valid class name'],
    ['a=', 3, 'expected a value after "="'],
    ['a= and b', 4, 'expected a value after "="'],
    ['a</x/', 3, 'a regular expression cannot be compared with "<"'],
    ['a=/(/', 3, 'missing closing )'],
    ['/(/', 1, 'missing closing )'],
    ['a="b', 3, 'this " is not closed'],
    ['a `id`', 3, 'unexpected `'],
    ['f(x).y=1', 3, 'expected a query in quotes, or ")"'],
    ['f("x"', 6, 'expected ")"'],
    ['f("x")', 7, 'expected the name of an output'],
    ['f("x").y', 9, 'expected a comparison'],
    ['F("x").y=1', 1, 'not a valid data plugin name'],
    ['""=1', 1, 'the name of the fact is missing'],
    ['"/a/"', 1, 'not a valid class name'],
    [`${'('.repeat(33)}a`, 33, 'nested more than 32'],
    [`${'!'.repeat(33)}a`, 33, 'nested more than 32'],
    [`${'(a) or '.repeat(3)}${'('.repeat(33)}a`, 54, 'nested more than 32'],
    [`a${' or a'.repeat(300)}`, 1283, 'more than 256 parts'],
    ['a'.repeat(5000), 4097, 'longer than 4096'],
  ] as const) {
    it(`is refused, with the place: ${text.slice(0, 40)}`, () => {
      expect(() => parseExpression(text))
        .to.throw(`cannot read the filter at column ${column}: `)
        .and.to.have.property('message')
        .that.includes(reason);
    });
  }

  for (const [text, message] of [
    ['a=', 'expected a value after "="'],
    ['a=/(/', 'the regular expression ( is not valid: missing closing ): `(`'],
  ] as const) {
    it(`is refused with nothing but the reason: ${text}`, () => {
      const [line = ''] = messageOf(text).split('\n');
      expect(line).to.equal(`cannot read the filter at column 3: ${message}`);
    });
  }

  it('is shown with 40 characters before the fault, and 76 in all', () => {
    const text = `${'a'.repeat(60)} ${'b'.repeat(60)} `;
    expect(messageOf(text).split('\n')).to.deep.equal([
      `cannot read the filter at column 62: expected "and" or "or" before ${'b'.repeat(60)}`,
      `  ${'a'.repeat(39)} ${'b'.repeat(36)}`,
      `  ${' '.repeat(40)}^`,
    ]);
  });

  it('is shown with a caret below the fault', () => {
    expect(() => parseExpression('apache and (os=Debian')).to.throw(
      'cannot read the filter at column 12: this ( is not closed\n  apache and (os=Debian\n             ^',
    );
  });

  it('is shown around the fault when it is long, without control characters', () => {
    const text = `${'a or '.repeat(50)}\u0007 (\x1b[31m`;
    expect(() => parseExpression(text))
      .to.throw()
      .with.property('message')
      .that.satisfies((message: string) => {
        const [, line = '', caret = ''] = message.split('\n');
        return line.length < 90 && caret.length < 50 && !/\p{Cc}/u.test(line);
      });
  });
});

describe('a compound filter in print', () => {
  for (const [text, printed] of [
    ['a or (b and c)', 'a or b and c'],
    ['(a or b) and c', '(a or b) and c'],
    ['a and (b and c)', 'a and (b and c)'],
    ['a or (b or c)', 'a or (b or c)'],
    ['!(a and b)', 'not (a and b)'],
    ['!(a or b)', 'not (a or b)'],
    ['!!a', 'not not a'],
    ['/^APACHE/i', '/^APACHE/i'],
    ['"a b"', '"a b"'],
    ['"OR"', '"OR"'],
    ['"a/"', 'a/'],
    ['a="/b"', 'a == "/b"'],
    ['a=~b', 'a =~ /b/'],
    ['a!~b', 'a !~ /b/'],
    ['a="x\\"\\\\"', 'a == "x\\"\\\\"'],
    ['f().x=1', 'f().x == 1'],
    ["f('').x=1", 'f("").x == 1'],
    ["f('q').x=/a/", 'f("q").x =~ /a/'],
  ] as const) {
    it(`is ${printed}`, () => {
      expect(print(parseExpression(text))).to.equal(printed);
    });
  }

  it('names the data functions that it asks, in their order', () => {
    const names = dataOperands(parseExpression('a and !(f().x=1 or b=1) and g("q").y=2')).map(
      ({ name }) => name,
    );
    expect(names).to.deep.equal(['f', 'g']);
  });
});
