import { spawnSync } from 'node:child_process';
import promises, { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { identify, ownIdentity, type ProcessIdentity, withFileLock } from '../src/index.js';

describe('withFileLock', () => {
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
  /** What a process writes into its lock: by default this one. */
  const held = (holder: Partial<ProcessIdentity> = {}) => JSON.stringify({ ...ownIdentity(), ...holder });
  /** The lock of a process that has ended. */
  const dead = () => held({ pid: spawnSync('true').pid });
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('holds a file that names its process while it works, and leaves nothing', async () => {
    const result = await withFileLock(file, async () => {
      // Whoever removed it too early would have done so by one of these looks.
      for (let look = 0; look < 20; look += 1) expect(await readFile(file, 'utf8')).to.equal(held());
      return 'done';
    });
    expect(result).to.equal('done');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('leaves nothing behind work that fails', async () => {
    const error = await failureOf(withFileLock(file, () => Promise.reject(new Error('it failed'))));
    expect(error).to.have.property('message', 'it failed');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('does one piece of work after the other', async () => {
    const steps: string[] = [];
    const work = (name: string) =>
      withFileLock(file, async () => {
        steps.push(`${name} begins`);
        await new Promise(setImmediate);
        steps.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b'), work('c')]);
    for (let index = 0; index < 6; index += 2)
      expect(steps[index + 1]).to.equal(steps[index]?.replace('begins', 'ends'));
  });

  it('waits 20 seconds for a process that lives, and not longer', async () => {
    await writeFile(file, held());
    const { now } = Date;
    const times = [0, 19_999, 20_000, 20_001];
    Date.now = () => times.shift() ?? Number.NaN;
    try {
      expect(await failureOf(withFileLock(file, async () => 'done'))).to.include({
        name: 'LockedError',
        message: `the lock ${file} is held by process ${process.pid}`,
        holder: process.pid,
        file,
      });
    } finally {
      Date.now = now;
    }
    expect(times).to.deep.equal([]);
    expect(await readdir(folder)).to.deep.equal(['lock']);
  });

  it('takes away the lock of a process that has died', async () => {
    await writeFile(file, dead());
    expect(await withFileLock(file, async () => 'done')).to.equal('done');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  for (const [whose, holder] of [
    ['had the number of one that lives', () => held({ startTicks: 1 })],
    ['ran before the machine was started again', () => held({ bootId: 'of another boot' })],
    ['lost its text to a power cut', () => ''],
  ] as const) {
    it(`takes away the lock of a process that ${whose}`, async () => {
      await writeFile(file, holder());
      expect(await withFileLock(file, async () => 'done')).to.equal('done');
    });
  }

  it('fails where the lock cannot be read', async () => {
    await mkdir(file);
    expect(await failureOf(withFileLock(file, async () => 'done'))).to.have.property('code', 'EISDIR');
    expect(await readdir(folder)).to.deep.equal(['lock']);
  });

  it('fails where it cannot write into the folder', async () => {
    const gone = join(folder, 'gone', 'lock');
    expect(await failureOf(withFileLock(gone, async () => 'done'))).to.have.property('code', 'ENOENT');
  });

  it('fails where the lock of a dead process cannot be taken away', async () => {
    await writeFile(file, dead());
    const error = await withStep('rename', failingOnce('EACCES'), () =>
      failureOf(withFileLock(file, async () => 'done')),
    );
    expect(error).to.have.property('code', 'EACCES');
  });

  it('fails where a lock cannot be made for another reason than that there is one', async () => {
    const error = await withStep('link', failingOnce('EPERM'), () =>
      failureOf(withFileLock(file, async () => 'done')),
    );
    expect(error).to.have.property('code', 'EPERM');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('takes a process of another user for one that lives', async () => {
    await writeFile(file, JSON.stringify(identify(1)));
    const { now } = Date;
    const times = [0, 20_001];
    Date.now = () => times.shift() ?? Number.NaN;
    try {
      expect(await failureOf(withFileLock(file, async () => 'done'))).to.include({
        name: 'LockedError',
        holder: 1,
      });
    } finally {
      Date.now = now;
    }
  });

  it('continues if another process removed the lock of a dead process', async () => {
    await writeFile(file, dead());
    const removing = (real: Step) => async (from: string, to: string) => {
      await rm(from);
      await real(from, to);
    };
    expect(await withStep('rename', removing, () => withFileLock(file, async () => 'done'))).to.equal('done');
  });

  it('puts a lock back that a living process has taken since', async () => {
    await writeFile(file, dead());
    let wasPutBack: Promise<string> | undefined;
    const { now } = Date;
    const taking = (real: Step) => async (from: string, to: string) => {
      await writeFile(from, held());
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
      expect(await withStep('rename', taking, () => withFileLock(file, async () => 'done'))).to.equal('done');
    } finally {
      Date.now = now;
    }
    expect(await wasPutBack).to.equal(held());
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
