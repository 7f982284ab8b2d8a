import { expect } from 'chai';
import { describe, it } from 'mocha';
import { lookUpFact } from '../../src/filter/fact.js';
import type { Facts } from '../../src/filter/filter.js';

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

  const nested = (steps: number): Record<string, unknown> =>
    steps === 1 ? { a: 'found' } : { a: nested(steps - 1) };
  const path = (steps: number) => Array(steps).fill('a').join('.');

  it('is found at 32 steps, and at no more', () => {
    expect(lookUpFact(nested(32), path(32))).to.equal('found');
    expect(lookUpFact(nested(33), path(33))).to.equal(undefined);
    expect(lookUpFact({ [path(33)]: 'found' }, path(33))).to.equal(undefined);
  });

  it('is never found at no key', () => {
    expect(lookUpFact({ '': 'found' }, '')).to.equal(undefined);
    expect(lookUpFact({ '': { a: 'found' } }, 'a')).to.equal(undefined);
  });

  it('is looked for 1000 times at most, however many ways there are to read its path', () => {
    let looks = 0;
    const counted = (part: object) =>
      new Proxy(part, {
        getOwnPropertyDescriptor: (target, key) => {
          looks += 1;
          return Reflect.getOwnPropertyDescriptor(target, key);
        },
      });
    let [one, two] = [counted({}), counted({})];
    for (let level = 0; level < 40; level += 1) [one, two] = [counted({ a: one, 'a.a': two }), one];
    expect(lookUpFact(one as Facts, path(31).concat('.b'))).to.equal(undefined);
    expect(looks).to.equal(1000);
  });
});
