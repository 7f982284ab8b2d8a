import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';
import { vectors } from '../vectors/make.mjs';

describe('docs/reference/protocol-vectors.json', () => {
  it('is what the product makes of the fixed keys: else npm run reference', async () => {
    const text = readFileSync(join(root, 'docs/reference/protocol-vectors.json'), 'utf8');
    expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(await vectors())));
  });
});
