import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { references } from '../mco-reference.mjs';
import { root } from '../setup.mjs';

describe('the reference of mco', () => {
  for (const file of ['docs/reference/mco.md', 'docs/reference/exit-codes.md']) {
    it(`${file} is what the definitions of the commands say: else npm run reference`, async () => {
      expect(readFileSync(join(root, file), 'utf8')).to.equal((await references()).get(file));
    });
  }
});
