import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkFilter } from '../../src/filter/check.js';
import { emptyFilter, isEmpty, isPattern, namedNodes } from '../../src/filter/filter.js';
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

  const fact = (value: string) => ({ fact: 'a', operator: '==', value });
  const times = <T>(count: number, part: T): T[] => Array.from({ length: count }, () => part);
  for (const [what, value] of [
    ['64 facts', { facts: times(64, fact('1')) }],
    ['64 classes', { classes: times(64, 'a') }],
    ['64 agents', { agents: times(64, 'a') }],
    ['5000 identities', { identities: times(5000, 'a') }],
    ['16 compound filters', { compound: times(16, { kind: 'class', name: 'a' }) }],
    ['16 regular expressions', { classes: times(8, '/a/'), agents: times(8, '/a/') }],
    ['256 parts', { compound: [many(255)] }],
    ['67 levels', { compound: [not(67)] }],
    ['texts of 1024 characters', { classes: ['a'.repeat(1024)] }],
    ['an empty value', { facts: [fact('')] }],
    [
      'an empty query',
      { compound: [{ kind: 'data', name: 'f', query: '', output: 'o', operator: '==', value: '' }] },
    ],
  ] as const) {
    it(`is let through with ${what}`, () => {
      expect(checkFilter(value)).to.deep.equal({ ...emptyFilter, ...value });
    });
  }

  for (const [value, reason] of [
    [null, 'the filter must be an object'],
    ['all', 'the filter must be an object'],
    [[], 'the filter must be an object'],
    [{ regions: ['eu'] }, 'has an unknown part "regions"'],
    [{ facts: {} }, 'facts must be an array'],
    [{ facts: [{ fact: 'a', value: '1' }] }, 'facts[0].operator must be one of'],
    [{ facts: [{ fact: 'a', operator: '=', value: '1' }] }, 'facts[0].operator must be one of'],
    [{ facts: [{ fact: 'a', operator: '==', value: 1 }] }, 'facts[0].value must be a string'],
    [{ facts: [{ fact: '', operator: '==', value: '1' }] }, 'facts[0].fact must not be empty'],
    [{ facts: [{ fact: 'a', operator: '==', value: '1', not: true }] }, 'facts[0] has an unknown part "not"'],
    [
      { facts: [{ fact: 'a', operator: '=~', value: '1' }] },
      'facts[0].value: "1" is not a regular expression',
    ],
    [{ facts: [{ fact: 'a', operator: '=~', value: '/(/' }] }, 'missing closing )'],
    [{ classes: ['a', 5] }, 'classes[1] must be a string'],
    [{ classes: [''] }, 'classes[0] must not be empty'],
    [{ classes: ['/('] }, 'classes[0]: "/(" is not a regular expression'],
    [{ classes: ['a'.repeat(1025)] }, 'classes[0] is longer than 1024'],
    [{ classes: Array.from({ length: 65 }, () => 'a') }, 'classes has 65 entries; the limit is 64'],
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
      'not a valid data plugin name',
    ],
    [
      { compound: [{ kind: 'data', name: 'or', output: 'o', operator: '==', value: '' }] },
      'not a valid data plugin name',
    ],
    [
      { compound: [{ kind: 'data', name: 'f', output: 'o.p', operator: '==', value: '' }] },
      'not a valid output name',
    ],
    [{ compound: [not(68)] }, 'nested too deeply'],
    [{ compound: [many(256)] }, 'more than 256 parts'],
    [{ compound: [null] }, 'compound[0].kind must be one of'],
    [{ compound: times(17, { kind: 'class', name: 'a' }) }, 'compound has 17 entries; the limit is 16'],
    [{ facts: times(65, fact('1')) }, 'facts has 65 entries; the limit is 64'],
    [{ agents: times(65, 'a') }, 'agents has 65 entries; the limit is 64'],
    [{ identities: times(5001, 'a') }, 'identities has 5001 entries; the limit is 5000'],
    [{ ['x'.repeat(100)]: 1 }, `has an unknown part "${'x'.repeat(64)}"`],
    [{ compound: [many(200), many(200)] }, 'more than 256 parts'],
  ] as const) {
    it(`is refused: ${JSON.stringify(value).slice(0, 60)}`, () => {
      expect(() => checkFilter(value))
        .to.throw(reason)
        .with.property('code', 'FILTER_INVALID');
    });
  }
});

describe('a pattern', () => {
  it('begins with a slash, whatever it ends with', () => {
    expect(['/a/', '/a/i', '/'].map(isPattern)).to.deep.equal([true, true, true]);
    expect(['a', 'a/', ''].map(isPattern)).to.deep.equal([false, false, false]);
  });
});

describe('a filter', () => {
  it('is empty when it selects every node that has the agents', () => {
    expect(isEmpty(emptyFilter)).to.equal(true);
    expect(isEmpty({ ...emptyFilter, agents: ['puppetd'] })).to.equal(true);
    const parts = [{ facts: ['a=1'] }, { classes: ['a'] }, { identities: ['a'] }, { select: ['a'] }];
    for (const words of parts)
      for (const more of parts)
        expect(isEmpty(parseFilter({ ...words, ...more })), JSON.stringify([words, more])).to.equal(false);
  });

  it('names its nodes when it has nothing but identities', () => {
    expect(namedNodes(parseFilter({ identities: ['b', 'a', 'b'], agents: ['x'] }))).to.deep.equal(['b', 'a']);
    expect(namedNodes(parseFilter({ identities: ['a', '/b/'] }))).to.equal(undefined);
    expect(namedNodes(parseFilter({ identities: ['a'] }))).to.deep.equal(['a']);
    const others = [{ facts: ['x=1'] }, { classes: ['x'] }, { select: ['x'] }];
    for (const words of others)
      for (const more of others)
        expect(namedNodes(parseFilter({ identities: ['a'], ...words, ...more }))).to.equal(undefined);
    expect(namedNodes(emptyFilter)).to.equal(undefined);
  });
});
