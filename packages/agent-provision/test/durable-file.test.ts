import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { replaceFile } from '../src/durable-file.js';
import { rejection } from './rejection.js';

describe('replaceFile', () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder();
  });
  afterEach(() => folder.close());

  it('makes a file with the mode it is told', async () => {
    await replaceFile(folder.join('key'), 'secret', { mode: 0o640 });
    expect((await stat(folder.join('key'))).mode & 0o7777).to.equal(0o640);
    expect(await readFile(folder.join('key'), 'utf8')).to.equal('secret');
  });

  it('keeps the mode and the owner of what it replaces', async () => {
    await writeFile(folder.join('hosts'), 'old');
    await chmod(folder.join('hosts'), 0o604);
    const before = await stat(folder.join('hosts'));
    await replaceFile(folder.join('hosts'), 'new');
    const after = await stat(folder.join('hosts'));
    expect([after.mode, after.uid, after.gid]).to.deep.equal([before.mode, before.uid, before.gid]);
    expect(after.ino).to.not.equal(before.ino);
  });

  it('leaves the old file and nothing else when it fails', async () => {
    await writeFile(folder.join('hosts'), 'old');
    const failing = () => Promise.reject(Object.assign(new Error('no'), { code: 'EBUSY' }));
    const error = await rejection(replaceFile(folder.join('hosts'), 'new', { rename: failing }));
    expect(error.message).to.equal('no');
    expect(await readFile(folder.join('hosts'), 'utf8')).to.equal('old');
    expect(await readdir(folder.path)).to.deep.equal(['hosts']);
  });
});
