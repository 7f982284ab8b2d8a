import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { limitsOf, limitsPage, undeclaredCollections } from '../reference/limits.mjs';
import { root } from '../setup.mjs';

describe('the limits of what peers can fill', () => {
  it('are declared beside each collection, or that no peer fills it', () => {
    expect(undeclaredCollections(), 'see docs/limits.md').to.deep.equal([]);
  });

  // The formatter aligns the tables.
  it('are on their page: else npm run reference', async () => {
    const plain = (text) =>
      text
        .replaceAll(/ +\|/g, ' |')
        .replaceAll(/-{3,}/g, '---')
        .replaceAll(/\| ---/g, '|---')
        .replaceAll(/--- \|/g, '---|');
    const page = readFileSync(join(root, 'docs/limits.md'), 'utf8');
    expect(plain(page)).to.equal(plain(await limitsPage()));
  });

  it('finds collections in fields, constructors and modules, and what is declared of them', () => {
    const text = `
      const most = 2 * 1024;
      const table = new Map([['a', 1]]);
      // no peer fills this: it is a test
      const own = new Set();
      export const open = new Map();
      let list = [];
      class One {
        /** Documented. */
        // bound: things | peers | {most} | {bytes most * 1024} | they
        // go
        #bounded = new BoundedMap({ most });
        #later;
        // no peer fills this:
        #reasonless = [];
        #number = 7;
        constructor() {
          this.#later = new Map();
          const local = new Map();
        }
      }`;
    expect(limitsOf(text)).to.deep.equal({
      rows: [{ what: 'things', who: 'peers', entries: '2,048', bytes: '2 MiB', whenFull: 'they go' }],
      undeclared: ['open', 'list', '#later', '#reasonless'],
    });
  });

  it('refuses a declaration that lacks a part, or names a constant that does not exist', () => {
    expect(() => limitsOf('// bound: a | b | c | d')).to.throw('needs five parts');
    expect(() => limitsOf('// bound: a | b | {none} | d | e')).to.throw('no constant none');
  });
});
