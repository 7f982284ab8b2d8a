import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { BoundedMap } from '../src/bounded-map.js';

/** Values such as `a1`: of the owner "a", with one byte. */
const ownerOf = (value: string) => value.slice(0, 1);
const bytesOf = (value: string) => Number(value.slice(1));

describe('BoundedMap', () => {
  it('drops what was unused for the longest time', () => {
    const map = new BoundedMap<number, string>({ most: 2 });
    map.set(1, 'one');
    map.set(2, 'two');
    expect([map.get(1), map.peek(2)]).to.deep.equal(['one', 'two']);
    map.set(3, 'three');
    expect([...map.values()]).to.deep.equal(['one', 'three']);
    expect([map.get(2), map.has(2), map.size]).to.deep.equal([undefined, false, 2]);
    map.set(1, 'one again');
    map.set(4, 'four');
    expect([...map.values()]).to.deep.equal(['one again', 'four']);
  });

  it('drops from the owner with the most entries', () => {
    const gone: string[] = [];
    const map = new BoundedMap<number, string>({ most: 4, ownerOf, onEvict: (_, value) => gone.push(value) });
    for (const [key, value] of ['b1', 'a1', 'a2', 'c1'].entries()) map.set(key, value);
    map.set(10, 'c2');
    map.set(11, 'c3');
    expect(gone).to.deep.equal(['a1', 'c1']);
    for (let key = 20; key < 120; key += 1) map.set(key, `e${key}`);
    expect([...map.values()].slice(0, -1).map(ownerOf).sort(), 'one of each other').to.deep.equal([
      'a',
      'b',
      'c',
    ]);
    expect([...map.ofOwner('b')]).to.deep.equal(['b1']);
    expect([...map.ofOwner('nobody')]).to.deep.equal([]);
  });

  it('drops from the owner with the most bytes', () => {
    const map = new BoundedMap<number, string>({ most: 100, mostBytes: 10, ownerOf, bytesOf });
    map.set(1, 'b3');
    map.set(2, 'a2');
    map.set(3, 'a3');
    map.set(4, 'a1');
    map.set(5, 'c2');
    expect([...map.values()]).to.deep.equal(['b3', 'a3', 'a1', 'c2']);
    map.set(6, 'c11');
    expect([...map.values()], 'it alone is too large').to.deep.equal(['b3', 'a3', 'a1']);
    expect(map.bytes).to.equal(7);
  });

  it('keeps to its limits and counts right, whatever is done', () => {
    const value = fc
      .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(9))
      .map(([owner, n]) => `${owner}${n}`);
    const step = fc.tuple(fc.constantFrom('set', 'get', 'delete'), fc.nat(15), value);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const map = new BoundedMap<number, string>({ most: 6, mostBytes: 30, ownerOf, bytesOf });
        for (const [what, key, value] of steps) {
          if (what === 'set') map.set(key, value);
          else if (what === 'get') map.get(key);
          else map.delete(key);
          const values = [...map.values()];
          expect(values).to.have.length(map.size).and.length.at.most(6);
          expect(map.bytes).to.equal(values.reduce((sum, one) => sum + bytesOf(one), 0));
          expect(map.bytes).to.be.at.most(30);
          expect(['a', 'b', 'c', 'd'].flatMap((owner) => [...map.ofOwner(owner)])).to.have.members(values);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('finds the owner to drop from at once, among many', () => {
    const map = new BoundedMap<number, number>({ most: 20_000, ownerOf: String });
    for (let key = 0; key < 200_000; key += 1) map.set(key, key);
    expect(map.size).to.equal(20_000);
  });
});
