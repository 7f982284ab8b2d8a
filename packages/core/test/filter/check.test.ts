import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkFilter } from '../../src/filter/check.js';
import { emptyFilter, isEmpty, namedNodes } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse.js';

const filter = parseFilter({
  facts: ['a=1', 'b=/x/i'],
  classes: ['c', '/d/'],
  agents: ['puppetd'],
  identities: ['web1'],
  select: ['(a=1 or !b) and f("q").o>2 and g().o=1'],
});

const not = (depth: number): unknown =>
  depth === 0 ? { kind: 'class', name: 'a' } : { kind: 'not', of: not(depth - 1) };
const many = (count: number) => ({
  kind: 'or',
  of: Array.from({ length: count }, () => ({ kind: 'class', name: 'a' })),
});

describe('a filter from the network', () => {
  it('is let through as it is when it is right', () => {
    expect(checkFilter(JSON.parse(JSON.stringify(filter)))).to.deep.equal(filter);
    expect(checkFilter({})).to.deep.equal(emptyFilter);
  });

  it('is copied', () => {
    const sent = JSON.parse(JSON.stringify(filter));
    const checked = checkFilter(sent);
    sent.facts[0].value = 'other';
    sent.compound[0].of[0].of[0].value = 'other';
    expect(checked).to.deep.equal(filter);
  });

  for (const [value, reason] of [
    [null, 'the filter must be an object'],
    ['all', 'the filter must be an object'],
    [[], 'the filter must be an object'],
    [{ regions: ['eu'] }, 'has a part "regions" that this version does not know'],
    [{ facts: {} }, 'facts must be an array'],
    [{ facts: [{ fact: 'a', value: '1' }] }, 'facts[0].operator must be one of'],
    [{ facts: [{ fact: 'a', operator: '=', value: '1' }] }, 'facts[0].operator must be one of'],
    [{ facts: [{ fact: 'a', operator: '==', value: 1 }] }, 'facts[0].value must be a string'],
    [{ facts: [{ fact: '', operator: '==', value: '1' }] }, 'facts[0].fact must not be empty'],
    [{ facts: [{ fact: 'a', operator: '==', value: '1', not: true }] }, 'facts[0] has a part "not"'],
    [
      { facts: [{ fact: 'a', operator: '=~', value: '1' }] },
      'facts[0].value: "1" is not a regular expression',
    ],
    [{ facts: [{ fact: 'a', operator: '=~', value: '/(/' }] }, 'missing closing )'],
    [{ classes: ['a', 5] }, 'classes[1] must be a string'],
    [{ classes: [''] }, 'classes[0] must not be empty'],
    [{ classes: ['/('] }, 'classes[0]: "/(" is not a regular expression'],
    [{ classes: ['a'.repeat(1025)] }, 'classes[0] is longer than 1024'],
    [{ classes: Array.from({ length: 65 }, () => 'a') }, 'classes has 65 entries, 64 are allowed'],
    [{ classes: Array.from({ length: 17 }, (_, index) => `/${index}/`) }, 'more than 16 regular expressions'],
    [{ compound: [{ kind: 'xor', of: [] }] }, 'compound[0].kind must be one of'],
    [{ compound: ['a'] }, 'compound[0].kind must be one of'],
    [
      { compound: [{ kind: 'and', of: [{ kind: 'class', name: 'a' }] }] },
      'compound[0].of must be an array of two',
    ],
    [{ compound: [{ kind: 'not', of: 'a' }] }, 'compound[0].of.kind must be one of'],
    [
      { compound: [{ kind: 'data', name: 'f()', output: 'o', operator: '==', value: '' }] },
      'no name of a data plugin',
    ],
    [
      { compound: [{ kind: 'data', name: 'or', output: 'o', operator: '==', value: '' }] },
      'no name of a data plugin',
    ],
    [
      { compound: [{ kind: 'data', name: 'f', output: 'o.p', operator: '==', value: '' }] },
      'no name of an output',
    ],
    [{ compound: [not(100)] }, 'nested too deeply'],
    [{ compound: [many(300)] }, 'more than 256 parts'],
    [{ compound: [many(200), many(200)] }, 'more than 256 parts'],
  ] as const) {
    it(`is refused: ${JSON.stringify(value).slice(0, 60)}`, () => {
      expect(() => checkFilter(value))
        .to.throw(reason)
        .with.property('code', 'FILTER_INVALID');
    });
  }
});

describe('a filter', () => {
  it('is empty when it selects every node that has the agents', () => {
    expect(isEmpty(emptyFilter)).to.equal(true);
    expect(isEmpty({ ...emptyFilter, agents: ['puppetd'] })).to.equal(true);
    for (const words of [{ facts: ['a=1'] }, { classes: ['a'] }, { identities: ['a'] }, { select: ['a'] }]) {
      expect(isEmpty(parseFilter(words))).to.equal(false);
    }
  });

  it('names its nodes when it has nothing but identities', () => {
    expect(namedNodes(parseFilter({ identities: ['b', 'a', 'b'], agents: ['x'] }))).to.deep.equal(['b', 'a']);
    expect(namedNodes(parseFilter({ identities: ['a', '/b/'] }))).to.equal(undefined);
    expect(namedNodes(parseFilter({ identities: ['a'], facts: ['x=1'] }))).to.equal(undefined);
    expect(namedNodes(emptyFilter)).to.equal(undefined);
  });
});
