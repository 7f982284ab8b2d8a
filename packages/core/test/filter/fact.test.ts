import { expect } from 'chai';
import { describe, it } from 'mocha';
import { lookUpFact } from '../../src/filter/fact.js';

const facts = {
  os: { family: 'Debian', release: { major: '12' } },
  'os.family': 'flat',
  'a.b': { c: 1 },
  a: { 'b.d': 2 },
  processors: { models: ['first', 'second'] },
  mountpoints: { '/var': { size: 5 } },
  nothing: null,
};

describe('a fact', () => {
  for (const [path, expected] of [
    ['os.release.major', '12'],
    ['os.family', 'flat'],
    ['a.b.c', 1],
    ['a.b.d', 2],
    ['processors.models.1', 'second'],
    ['processors.models.2', undefined],
    ['processors.models.length', undefined],
    ['processors.models.-1', undefined],
    ['mountpoints./var.size', 5],
    ['nothing', null],
    ['nothing.more', undefined],
    ['os.family.length', undefined],
    ['toString', undefined],
    ['os.constructor', undefined],
    ['__proto__', undefined],
    ['', undefined],
    ['.', undefined],
  ] as const) {
    it(`is found at "${path}"`, () => {
      expect(lookUpFact(facts, path)).to.deep.equal(expected);
    });
  }

  it('does not take long to be missing at a path of many readings', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? {} : { x: nested(depth - 1), 'x.x': nested(depth - 1) };
    expect(lookUpFact(nested(10) as Record<string, unknown>, `${'x.'.repeat(30)}y`)).to.equal(undefined);
    expect(lookUpFact({}, 'x.'.repeat(10_000))).to.equal(undefined);
  });
});
