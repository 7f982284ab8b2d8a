import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { references } from '../mco-reference.mjs';
import { root } from '../setup.mjs';

// Whoever formats the documents changes widths of columns and empty lines.
const plain = (text) =>
  text
    .replace(/ +/g, ' ')
    .replace(/-{3,}/g, '---')
    .replace(/\n{2,}/g, '\n');

describe('the reference of mco', () => {
  for (const file of ['docs/reference/mco.md', 'docs/reference/exit-codes.md', 'docs/troubleshooting.md']) {
    it(`${file} is what the definitions of the commands say: else npm run reference`, async () => {
      const made = (await references()).get(file) ?? '';
      expect(plain(readFileSync(join(root, file), 'utf8'))).to.equal(plain(made));
    });
  }
});
