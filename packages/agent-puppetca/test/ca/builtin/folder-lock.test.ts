import { spawnSync } from 'node:child_process';
import promises, { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { withLock } from '../../../src/ca/builtin/folder-lock.js';

describe('withLock', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-lock-'));
    file = join(folder, 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  type Step = (from: string, to: string) => Promise<void>;
  /** Replaces what the file system does at a rename or a link, as long as `work` runs. */
  async function withStep<T>(
    name: 'rename' | 'link',
    replacement: (real: Step) => Step,
    work: () => Promise<T>,
  ): Promise<T> {
    const real = promises[name];
    const step = replacement(real);
    promises[name] = (from, to) => step(String(from), String(to));
    syncBuiltinESMExports();
    try {
      return await work();
    } finally {
      promises[name] = real;
      syncBuiltinESMExports();
    }
  }
  /** Fails once, then works. */
  const failingOnce =
    (code: string) =>
    (real: Step): Step => {
      let attempts = 0;
      return async (from, to) => {
        attempts += 1;
        if (attempts === 1) throw Object.assign(new Error('not permitted'), { code });
        await real(from, to);
      };
    };
  /** The id of a process that has ended. */
  const dead = () => String(spawnSync('true').pid);
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('holds a file with the id of its process while it works, and leaves nothing', async () => {
    const result = await withLock(file, async () => {
      // Whoever removed it too early would have done so by one of these looks.
      for (let look = 0; look < 20; look += 1)
        expect(await readFile(file, 'utf8')).to.equal(String(process.pid));
      return 'done';
    });
    expect(result).to.equal('done');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('leaves nothing behind work that fails', async () => {
    const error = await failureOf(withLock(file, () => Promise.reject(new Error('it failed'))));
    expect(error).to.have.property('message', 'it failed');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('does one piece of work after the other', async () => {
    const steps: string[] = [];
    const work = (name: string) =>
      withLock(file, async () => {
        steps.push(`${name} begins`);
        await new Promise(setImmediate);
        steps.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b'), work('c')]);
    for (let index = 0; index < 6; index += 2)
      expect(steps[index + 1]).to.equal(steps[index]?.replace('begins', 'ends'));
  });

  it('waits 20 seconds for a process that lives, and not longer', async () => {
    await writeFile(file, String(process.pid));
    const { now } = Date;
    const times = [0, 19_999, 20_000, 20_001];
    Date.now = () => times.shift() ?? Number.NaN;
    try {
      expect(await failureOf(withLock(file, async () => 'done'))).to.include({
        code: 'CONFLICT',
        message: `The process ${process.pid} works on the CA: ${file} is its lock`,
      });
    } finally {
      Date.now = now;
    }
    expect(times).to.deep.equal([]);
    expect(await readdir(folder)).to.deep.equal(['lock']);
  });

  it('takes away the lock of a process that has died', async () => {
    await writeFile(file, dead());
    expect(await withLock(file, async () => 'done')).to.equal('done');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('fails where the lock cannot be read', async () => {
    await mkdir(file);
    expect(await failureOf(withLock(file, async () => 'done'))).to.have.property('code', 'EISDIR');
    expect(await readdir(folder)).to.deep.equal(['lock']);
  });

  it('fails where it cannot write into the folder', async () => {
    const gone = join(folder, 'gone', 'lock');
    expect(await failureOf(withLock(gone, async () => 'done'))).to.have.property('code', 'ENOENT');
  });

  it('fails where the lock of a dead process cannot be taken away', async () => {
    await writeFile(file, dead());
    const error = await withStep('rename', failingOnce('EACCES'), () =>
      failureOf(withLock(file, async () => 'done')),
    );
    expect(error).to.have.property('code', 'EACCES');
  });

  it('fails where a lock cannot be made for another reason than that there is one', async () => {
    const error = await withStep('link', failingOnce('EPERM'), () =>
      failureOf(withLock(file, async () => 'done')),
    );
    expect(error).to.have.property('code', 'EPERM');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('takes a process of another user for one that lives', async () => {
    await writeFile(file, '1');
    const { kill } = process;
    const { now } = Date;
    const times = [0, 20_001];
    Date.now = () => times.shift() ?? Number.NaN;
    process.kill = () => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    };
    try {
      expect(await failureOf(withLock(file, async () => 'done'))).to.have.property('code', 'CONFLICT');
    } finally {
      process.kill = kill;
      Date.now = now;
    }
  });

  it('goes on where somebody else took the lock of a dead process away', async () => {
    await writeFile(file, dead());
    const removing = (real: Step) => async (from: string, to: string) => {
      await rm(from);
      await real(from, to);
    };
    expect(await withStep('rename', removing, () => withLock(file, async () => 'done'))).to.equal('done');
  });

  it('puts a lock back that a living process has taken since', async () => {
    await writeFile(file, dead());
    let wasPutBack: Promise<string> | undefined;
    const { now } = Date;
    const taking = (real: Step) => async (from: string, to: string) => {
      await writeFile(from, String(process.pid));
      await real(from, to);
      // Whoever waits looks at the clock when it finds a lock that is held.
      Date.now = () => {
        wasPutBack = readFile(file, 'utf8');
        void wasPutBack.then(() => rm(file));
        Date.now = now;
        return now();
      };
    };
    try {
      expect(await withStep('rename', taking, () => withLock(file, async () => 'done'))).to.equal('done');
    } finally {
      Date.now = now;
    }
    expect(await wasPutBack).to.equal(String(process.pid));
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
