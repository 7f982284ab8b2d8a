import { mkdir, readdir, readFile, realpath, type rename, symlink, writeFile } from 'node:fs/promises';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { changeText } from '../../src/files/managed-file.js';
import { ProvisionError } from '../../src/provision-error.js';
import { rejection } from '../fixtures/rejection.js';

describe('changeText', () => {
  let folder: TempFolder;
  let file: string;
  const append = (text: string) => `${text}new\n`;
  const refuse = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  beforeEach(async () => {
    folder = await createTempFolder();
    file = folder.join('hosts');
    await mkdir(folder.join('state'));
    await writeFile(file, 'a long old line\n');
  });
  afterEach(() => folder.close());
  const change = (how: (text: string) => string, more: { rename?: typeof rename } = {}) =>
    changeText(file, how, { backupFolder: folder.join('state'), ...more });

  for (const code of ['EBUSY', 'EXDEV']) {
    it(`writes in place where the file cannot be replaced (${code}), after a backup`, async () => {
      const backup = folder.join('hosts.troupe-backup');
      expect(await change(append, { rename: refuse(code) })).to.deep.equal({
        file,
        how: 'written in place',
        backup,
      });
      expect(await readFile(file, 'utf8')).to.equal('a long old line\nnew\n');
      expect(await readFile(backup, 'utf8')).to.equal('a long old line\n');
      expect((await readdir(folder.path)).sort()).to.deep.equal(['hosts', 'hosts.troupe-backup', 'state']);
    });
  }

  it('leaves no rest of a longer old text', async () => {
    await change(() => 'short\n', { rename: refuse('EBUSY') });
    expect(await readFile(file, 'utf8')).to.equal('short\n');
  });

  it('makes a write in place good that was cut short', async () => {
    await writeFile(folder.join('hosts.troupe-unfinished'), 'a long old line\n');
    await writeFile(file, 'a lo');
    await change(append, { rename: refuse('EBUSY') });
    expect(await readFile(file, 'utf8')).to.equal('a long old line\nnew\n');
    expect((await readdir(folder.path)).sort()).to.deep.equal(['hosts', 'hosts.troupe-backup', 'state']);
  });

  it('makes it good also where the file can be replaced by now', async () => {
    await writeFile(folder.join('state', 'hosts.troupe-unfinished'), 'a long old line\n');
    await writeFile(file, '');
    expect((await change(append)).how).to.equal('replaced');
    expect(await readFile(file, 'utf8')).to.equal('a long old line\nnew\n');
    expect(await readdir(folder.join('state'))).to.deep.equal(['hosts.troupe-backup']);
  });

  it('replaces what a link points to, not the link', async () => {
    const link = folder.join('link');
    await symlink('hosts', link);
    const done = await changeText(link, append, { backupFolder: folder.path });
    expect(done).to.deep.equal({ file, how: 'replaced', backup: null });
    expect(await realpath(link)).to.equal(file);
    expect(await readFile(file, 'utf8')).to.equal('a long old line\nnew\n');
  });

  it('makes a file that is not there', async () => {
    const done = await changeText(folder.join('none'), append, { backupFolder: folder.path });
    expect(done.how).to.equal('replaced');
    expect(await readFile(folder.join('none'), 'utf8')).to.equal('new\n');
  });

  it('names a file that cannot be changed', async () => {
    const error = await rejection(change(append, { rename: refuse('EIO') }));
    expect(error).to.be.instanceOf(ProvisionError);
    expect(error.message).to.equal(`cannot change ${file}: EIO`);
    expect(await readFile(file, 'utf8')).to.equal('a long old line\n');
  });
});
