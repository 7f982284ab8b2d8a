import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createTempFolder } from '../../src/index.js';
import { installCode } from '../../src/puppet/environments.js';

describe('installCode', () => {
  it('writes files by their path', async () => {
    await using folder = await createTempFolder();
    await installCode(folder.path, { 'production/manifests/site.pp': 'node default { }\n' });
    const written = await readFile(folder.join('production', 'manifests', 'site.pp'), 'utf8');
    expect(written).to.equal('node default { }\n');
  });

  it('copies a folder, over what is there', async () => {
    await using folder = await createTempFolder();
    await mkdir(folder.join('from', 'production'), { recursive: true });
    await writeFile(folder.join('from', 'production', 'a'), 'new');
    await installCode(folder.join('to'), { 'production/a': 'old', 'production/b': 'kept' });
    await installCode(folder.join('to'), folder.join('from'));
    expect(await readFile(folder.join('to', 'production', 'a'), 'utf8')).to.equal('new');
    expect(await readFile(folder.join('to', 'production', 'b'), 'utf8')).to.equal('kept');
  });

  it('refuses a path that leads out of the folder', async () => {
    await using folder = await createTempFolder();
    const error = await installCode(folder.path, { '../site.pp': '' }).catch((error: Error) => error);
    expect(String(error)).to.contain('../site.pp is outside the folder of environments');
  });
});
