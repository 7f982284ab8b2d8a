import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from '@troupe/core/durable-file';
import { CaError } from '../error.js';

/** Milliseconds between two looks at a lock, and after which whoever waits gives up. */
const pause = 25;
const patience = 20_000;

/**
 * Does a piece of work while no other process does one with the same lock file: the daemon of a CA, and a person on
 * its host. What a process left that has died is taken away. Throws CONFLICT after 20 seconds.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const own = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(own, String(process.pid), { mode: 0o600 });
  try {
    await take(file, own);
    try {
      return await work();
    } finally {
      await rm(file, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function take(file: string, own: string): Promise<void> {
  for (const end = Date.now() + patience; ; await delay(pause)) {
    try {
      // Unlike a rename, a link replaces nothing.
      await link(own, file);
      return;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const holder = await holderOf(file);
    if (holder === undefined) continue;
    if (!isAlive(holder)) await removeStale(file, own, holder);
    else if (Date.now() > end)
      throw new CaError('CONFLICT', `The process ${holder} works on the CA: ${file} is its lock`);
  }
}

async function holderOf(file: string): Promise<number | undefined> {
  try {
    return Number(await readFile(file, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

// Whoever else saw the same may have removed it first, and somebody taken the lock since: then it is put back.
async function removeStale(file: string, own: string, holder: number): Promise<void> {
  const aside = `${own}.stale`;
  try {
    await rename(file, aside);
    if ((await holderOf(aside)) !== holder) await link(aside, file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EEXIST')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}
