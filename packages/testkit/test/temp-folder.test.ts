import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createTempFolder } from '../src/index.js';

describe('createTempFolder', () => {
  it('makes a folder that nobody else may enter', async () => {
    await using folder = await createTempFolder();
    expect((await stat(folder.path)).mode & 0o777).to.equal(0o700);
  });

  it('gives the mode that is asked for', async () => {
    await using folder = await createTempFolder({ mode: 0o711 });
    expect((await stat(folder.path)).mode & 0o777).to.equal(0o711);
  });

  it('removes the folder with all that is in it', async () => {
    const folder = await createTempFolder({ prefix: 'kept' });
    await mkdir(folder.join('a', 'b'), { recursive: true });
    await writeFile(folder.join('a', 'b', 'c'), '');
    await folder.close();
    expect(existsSync(folder.path)).to.equal(false);
    expect(folder.path).to.contain('/kept-');
  });

  it('can be closed twice', async () => {
    const folder = await createTempFolder();
    await folder.close();
    await folder.close();
  });
});
