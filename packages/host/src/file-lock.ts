import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from '@troupe/core/durable-file';
import { isAlive, ownIdentity, type ProcessIdentity } from './process/identity.js';

/** Milliseconds between two looks at a lock, and after which whoever waits gives up. */
const pause = 25;
const patience = 20_000;

/** Another process has held a lock for too long. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  readonly file: string;
  /** The number of that process. */
  readonly holder: number;

  constructor(file: string, holder: number) {
    super(`the lock ${file} is held by process ${holder}`);
    this.file = file;
    this.holder = holder;
  }
}

/**
 * Does a piece of work while no other process does one with the same lock file, such as a daemon and a command on its
 * host. What a process left that has died is taken away, also where another process has its number by now. Throws
 * LockedError after 20 seconds.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const own = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(own, JSON.stringify(ownIdentity()), { mode: 0o600 });
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
    const text = await textOf(file);
    if (text === undefined) continue;
    const holder = holderIn(text);
    if (!holder || !isAlive(holder)) await removeStale(file, own, text);
    else if (Date.now() > end) throw new LockedError(file, holder.pid);
  }
}

// Nobody where a power cut left the file without its text.
function holderIn(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

// Whoever else saw the same may have removed it first, and somebody taken the lock since: then it is put back.
async function removeStale(file: string, own: string, text: string): Promise<void> {
  const aside = `${own}.stale`;
  try {
    await rename(file, aside);
    if ((await textOf(aside)) !== text) await link(aside, file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EEXIST')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}
