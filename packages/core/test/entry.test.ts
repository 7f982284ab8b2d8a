import { expect } from 'chai';
import { describe, it } from 'mocha';

const entries = [
  ['../src/entry.js', '../src/index.js'],
  ['../src/pki/entry.js', '../src/pki/index.js'],
  ['../src/durable-file-entry.js', '../src/durable-file.js'],
] as const;

describe('what others import of this package', () => {
  for (const [entry, modules] of entries) {
    it(`is all that ${modules} exports, and the very same: ${entry}`, async () => {
      const given = (await import(entry)) as Record<string, unknown>;
      const own = (await import(modules)) as Record<string, unknown>;
      expect(Object.keys(given)).to.deep.equal(Object.keys(own));
      for (const [name, value] of Object.entries(given)) expect(value, name).to.equal(own[name]);
    });
  }
});
