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
const { any: expressions } = fc.letrec<{ any: Expression }>((tie) => ({
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
