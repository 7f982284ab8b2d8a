import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { TroupeError } from '../../src/errors.js';
import { checkFilter } from '../../src/filter/check.js';
import { operators } from '../../src/filter/condition.js';
import { describeExpression } from '../../src/filter/description.js';
import { type Expression, isDataName, print } from '../../src/filter/expression.js';
import { parseExpression } from '../../src/filter/expression-parser.js';
import { matches } from '../../src/filter/match.js';
import { parseFilter } from '../../src/filter/parse.js';
import { patternOf } from '../../src/filter/pattern.js';
import { readingOf } from './reference.js';

const node = {
  identity: 'n1',
  facts: { a: { b: [1, 'x'] }, c: '1.2.3' },
  classes: ['a', 'b'],
  agents: ['rpcutil'],
  data: () => ({ x: 1 }),
};

/** Gives the result, or the error when it is one that Troupe raises on purpose. */
async function settled<T>(work: () => T | Promise<T>): Promise<T | TroupeError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TroupeError) return error;
    throw error;
  }
}

const piece = fc.oneof(
  fc.constantFrom(
    'and',
    'or',
    'not',
    '!',
    '(',
    ')',
    '=',
    '!=',
    '=~',
    '<',
    '>=',
    '/',
    '/a/',
    '"',
    "'",
    '\\',
    ' ',
    'f("x").y',
    '()',
  ),
  fc.string({ maxLength: 6, unit: 'binary' }),
);
const filterText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
);

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/).filter(isDataName);
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const pattern = fc
  .tuple(fc.stringMatching(/^[a-z0-9/ .()]{1,8}$/), fc.constantFrom('', 'i'))
  .map(([source, flag]) => patternOf(source.replaceAll(/[()]/g, '\\$&')) + flag);
const comparison = fc.oneof(
  fc.record({
    operator: fc.constantFrom(...operators.filter((operator) => !operator.endsWith('~'))),
    value: fc.string({ unit: 'binary', maxLength: 12 }),
  }),
  fc.record({ operator: fc.constantFrom('=~', '!~'), value: pattern }),
);
const operand = fc.oneof(
  fc
    .oneof(
      text.filter((found) => !found.startsWith('/')),
      pattern,
    )
    .map((found) => ({ kind: 'class', name: found })),
  fc.tuple(text, comparison).map(([fact, rest]) => ({ kind: 'fact', fact, ...rest })),
  fc
    .tuple(
      name,
      fc.option(fc.string({ unit: 'binary', maxLength: 12 }), { nil: undefined }),
      name,
      comparison,
    )
    .map(([plugin, query, output, rest]) => ({
      kind: 'data',
      name: plugin,
      ...(query === undefined ? {} : { query }),
      output,
      ...rest,
    })),
);
const { any: everyExpression } = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    operand as fc.Arbitrary<Expression>,
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      of: fc.array(tie('any'), { minLength: 2, maxLength: 3 }),
    }) as fc.Arbitrary<Expression>,
    fc.record({ kind: fc.constant('not'), of: tie('any') }) as fc.Arbitrary<Expression>,
  ),
}));

// A filter with more than 16 regular expressions is refused.
const expressions = everyExpression.filter((found) => patternsIn(found) <= 16);
const patternsIn = (found: Expression): number => {
  if (found.kind === 'not') return patternsIn(found.of);
  if ('of' in found) return found.of.reduce((sum, part) => sum + patternsIn(part), 0);
  return Number((found.kind === 'class' ? found.name : found.value).startsWith('/'));
};

// Right and foreign spellings, so that many texts are in the language and many are nearly so.
const spelling = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('web', 'db', 'role=web', 'role!=db', 'os.family = x', '"web"') },
  { weight: 4, arbitrary: fc.constantFrom(' and ', ' or ', ' not ', 'not ', '!', '(', ')', ' ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        '&&',
        '||',
        '&',
        '|',
        ',',
        ';',
        ':',
        '::',
        '=',
        '!=',
        '==',
        '*',
        '?',
        '#',
        '[',
        ']',
        '{',
        '}',
        '^',
        '$',
      ],
      ...[
        '~',
        '<>',
        '-',
        '.',
        '..',
        '/',
        '\\',
        '@',
        '%',
        '+',
        '`',
        "'",
        '"',
        '/web/',
        '/w/i',
        'and',
        'in',
        'role:web',
      ],
      ...['\u201c', '\uff06', '\uff1d', '\u2019', '\u200b', '\u00a0', '\u01c0', '"web && db"', "'a,b'", 'x'],
    ),
  },
);
const spelt = fc.array(spelling, { minLength: 1, maxLength: 9 }).map((found) => found.join(''));
const spellingNode = {
  identity: 'n1',
  facts: { role: 'web', 'os.family': 'x', x: 'y' },
  classes: ['web', 'x', 'web && db', 'weband'],
  agents: [],
};

const foreign = '&&,||,&,|,;,\uff06\uff06,\u2227,->,\uff4fr'.split(',').concat(',');
const between = fc.constantFrom(...foreign, ...foreign.map((operator) => ` ${operator} `));
const condition = fc.constantFrom('web', 'role::web', 'os.family=x', 'role!=db', '/web/', '"a b"', 'x="y"');

describe('for any filter whatever', function () {
  this.timeout(60_000);

  it('text is read, or refused with its place', () =>
    fc.assert(
      fc.asyncProperty(filterText, async (words) => {
        const read = await settled(() => parseExpression(words));
        if (read instanceof TroupeError)
          expect(read.message).to.match(/^cannot read the filter at column \d+: /);
        else expect(parseExpression(print(read))).to.deep.equal(read);
      }),
      { numRuns: 2000 },
    ));

  it('what was read is let through by the network, described and judged', () =>
    fc.assert(
      fc.asyncProperty(filterText, async (words) => {
        const read = await settled(() => parseExpression(words));
        if (read instanceof TroupeError) return;
        const filter = checkFilter(JSON.parse(JSON.stringify({ compound: [read] })));
        expect(filter.compound).to.deep.equal([read]);
        expect(describeExpression(read)).to.be.a('string');
        const judged = await settled(() => matches(filter, node));
        if (!(judged instanceof TroupeError)) expect(judged).to.be.a('boolean');
      }),
      { numRuns: 1000 },
    ));

  it('an expression that is printed reads as the same expression', () =>
    fc.assert(
      fc.property(expressions, (expression) => {
        expect(parseExpression(print(expression))).to.deep.equal(expression);
        expect(checkFilter({ compound: [expression] }).compound).to.deep.equal([expression]);
      }),
      { numRuns: 1000 },
    ));

  it('nesting that the language allows, the network lets through', () => {
    const deep = `${'a or b and !('.repeat(15)}c${')'.repeat(15)}`;
    const deeper = `${'a or b and ('.repeat(32)}c${')'.repeat(32)}`;
    for (const words of [deep, deeper]) {
      const expression = parseExpression(words);
      expect(checkFilter({ compound: [expression] }).compound).to.deep.equal([expression]);
    }
  });

  it('text selects no other node than its reading by the grammar', () => {
    let inTheLanguage = 0;
    return fc
      .assert(
        fc.asyncProperty(spelt, async (words) => {
          // The reference does not know these two.
          fc.pre(!/[=!]~/.test(words));
          const reading = readingOf(words, spellingNode);
          const read = await settled(() => parseExpression(words));
          if (read instanceof TroupeError) {
            expect(reading, words).to.equal(undefined);
            return;
          }
          inTheLanguage += 1;
          const filter = parseFilter({ select: [words] });
          expect(reading, words).to.equal(await matches(filter, spellingNode));
        }),
        { numRuns: 5000 },
      )
      .then(() => expect(inTheLanguage).to.be.greaterThan(200));
  });

  it('two conditions that an operator of another language joins are refused in every option', () =>
    fc.assert(
      fc.property(condition, between, condition, fc.boolean(), (left, operator, right, isNegated) => {
        const words = `${isNegated ? 'not ' : ''}${left}${operator}${right}`;
        for (const option of ['facts', 'classes', 'agents', 'identities', 'with', 'select'])
          expect(() => parseFilter({ [option]: [words] }), `${option} ${words}`).to.throw(TroupeError);
      }),
      { numRuns: 2000 },
    ));

  it('a text that several options take means the same in each', () =>
    fc.assert(
      fc.asyncProperty(spelt, async (words) => {
        const node = { ...spellingNode, facts: { ...spellingNode.facts, web: 'x' } };
        // A blank is part of a value of -F, and separates words of -W.
        const options = ['facts', 'classes', 'select', ...(/\s/.test(words) ? [] : ['with'])];
        const answers = options.map(async (option) => {
          const filter = await settled(() => parseFilter({ [option]: [words] }));
          return filter instanceof TroupeError ? undefined : matches(filter, node);
        });
        const known = (await Promise.all(answers)).filter((answer) => answer !== undefined);
        expect(new Set(known).size, words).to.be.lessThan(2);
      }),
      { numRuns: 5000 },
    ));

  it('JSON is let through or refused with a reason', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.object({
            key: fc.constantFrom('facts', 'classes', 'compound', 'kind', 'of', 'fact', 'value', '__proto__'),
          }),
        ),
        async (value) => {
          const checked = await settled(() => checkFilter(value));
          if (!(checked instanceof TroupeError)) await settled(() => matches(checked, node));
        },
      ),
      { numRuns: 2000 },
    ));

  it('words of a command line are read or refused with a reason', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('facts', 'classes', 'agents', 'identities', 'with', 'select'),
        filterText,
        async (option, word) => {
          const read = await settled(() => parseFilter({ [option]: [word] }));
          if (!(read instanceof TroupeError)) expect(checkFilter(read)).to.deep.equal(read);
        },
      ),
      { numRuns: 2000 },
    ));
});
