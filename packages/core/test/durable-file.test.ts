import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  asideOf,
  makeFolder,
  makeFolderSync,
  replaceFile,
  replaceFileSync,
  setAsideSync,
} from '../src/durable-file.js';
import { diskFaultOf } from '../src/errors.js';

describe('replaceFile', () => {
  let folder: { path: string; join(name: string): string };
  beforeEach(async () => {
    const path = await mkdtemp(join(tmpdir(), 'durable-file-'));
    folder = { path, join: (name) => join(path, name) };
  });
  afterEach(() => rm(folder.path, { recursive: true }));

  it('makes a file with the given mode', async () => {
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

  it('names the file if the disk takes nothing', async () => {
    // As the error of an open file, which does not name it.
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      errno: -constants.errno.ENOSPC,
      syscall: 'write',
    });
    const error = await rejection(
      replaceFile(folder.join('hosts'), 'new', { rename: () => Promise.reject(full) }),
    );
    expect(error).to.include({ code: 'ENOSPC', path: folder.join('hosts') });
    expect(error.message).to.equal(`ENOSPC: no space left on device, write '${folder.join('hosts')}'`);
    expect(diskFaultOf(error)).to.equal(
      `cannot write ${folder.join('hosts')}: ENOSPC: no space left on device`,
    );
    expect(diskFaultOf(new Error('outer', { cause: full }))).to.equal(
      'cannot write a file on this host: ENOSPC: no space left on device',
    );
    expect(diskFaultOf(new Error('ENOSPC'))).to.equal(undefined);
  });

  it('does the same at once', async () => {
    await writeFile(folder.join('k'), 'old');
    replaceFileSync(folder.join('k'), 'new', 0o600);
    expect(await readFile(folder.join('k'), 'utf8')).to.equal('new');
    expect((await stat(folder.join('k'))).mode & 0o777).to.equal(0o600);
    expect(() => replaceFileSync(join(folder.path, 'absent', 'k'), 'x', 0o600)).to.throw('ENOENT');
    expect(await readdir(folder.path)).to.deep.equal(['k']);
  });
});

describe('setAsideSync', () => {
  it('keeps the last damaged file of each name, and only that one', async () => {
    const path = await mkdtemp(join(tmpdir(), 'durable-file-'));
    const file = join(path, 'key');
    try {
      for (const text of ['first', 'second']) {
        await writeFile(file, text);
        setAsideSync(file);
      }
      expect(await readdir(path)).to.deep.equal(['key.damaged']);
      expect(await readFile(asideOf(file), 'utf8')).to.equal('second');
    } finally {
      await rm(path, { recursive: true });
    }
  });
});

for (const [name, make] of [
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (folder: string, mode?: number) => makeFolderSync(folder, mode)],
] as const) {
  describe(name, () => {
    let path: string;
    beforeEach(async () => {
      path = await mkdtemp(join(tmpdir(), 'durable-file-'));
    });
    afterEach(() => rm(path, { recursive: true }));

    it('makes what is missing, and returns the first folder that it made', async () => {
      expect(await make(join(path, 'a', 'b', 'c'), 0o700)).to.equal(join(path, 'a'));
      expect((await stat(join(path, 'a', 'b', 'c'))).mode & 0o777).to.equal(0o700);
      expect(await make(join(path, 'a', 'd'))).to.equal(join(path, 'a', 'd'));
      expect(await make(join(path, 'a', 'd'))).to.equal(undefined);
    });

    it('fails where a file is in the way', async () => {
      await writeFile(join(path, 'file'), '');
      expect(await rejection(make(join(path, 'file')))).to.include({ code: 'EEXIST' });
      expect(await rejection(make(join(path, 'file', 'a')))).to.include({ code: 'ENOTDIR' });
    });

    // Node's own mkdir never returns here.
    it('fails where the file system takes no folders', async function () {
      if (process.platform !== 'linux') this.skip();
      expect(await rejection(make('/proc/nowhere/logs'))).to.include({ code: 'ENOENT' });
    });
  });
}

async function rejection(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was refused');
}
