import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { aotJar, createTempFolder } from '../../src/index.js';

describe('aotJar', () => {
  it('warns where it cannot build, and lets servers start without it', async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.join('file'), '');
    const warned = once(process, 'warning');
    expect(await aotJar(folder.join('file'))).to.equal(undefined);
    expect(String((await warned)[0])).to.match(/cannot compile Puppet Server ahead of time.*EEXIST/);
  });
});
