import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { run } from '../command.mjs';
import { buildOf, buildsFolder, HistoryMissing, OLD_COMMIT } from '../mixed/old-build.mjs';

describe('npm run test:mixed', () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-mixed-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('names the missing history in a clone that does not have the old commit', async () => {
    const clone = join(folder, 'clone');
    mkdirSync(clone);
    await run('git', ['init', '--quiet', clone]);
    const error = await buildOf(clone, OLD_COMMIT, { folder }).catch((reason) => reason);
    expect(error).to.be.instanceOf(HistoryMissing);
    expect(error.message).to.equal(
      `the history of ${clone} does not contain the commit 38e28fd: in a shallow clone run git fetch --unshallow`,
    );
  });

  it('uses a build again that exists', async () => {
    mkdirSync(join(folder, OLD_COMMIT));
    expect(await buildOf(folder, OLD_COMMIT, { folder })).to.equal(join(folder, OLD_COMMIT));
  });

  it('keeps its builds in the cache folder of the user', () => {
    expect(buildsFolder({ XDG_CACHE_HOME: '/var/cache/me' })).to.equal('/var/cache/me/troupe/builds');
    expect(buildsFolder({})).to.match(/\/\.cache\/troupe\/builds$/);
  });
});
