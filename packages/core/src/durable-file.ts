import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { getSystemErrorMap } from 'node:util';

export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

/** Where the steps of a replacement can be replaced themselves: for tests of what file systems refuse. */
export interface ReplaceOptions {
  /** Permissions; by default those of the file that is replaced, or 0644. */
  readonly mode?: number;
  /** By default that of the file that is replaced. */
  readonly owner?: Ownership | undefined;
  readonly rename?: typeof rename;
}

/**
 * Replaces a file so that after a crash, a power cut or a full disk it holds either the old bytes or the new:
 * written beside it, flushed, renamed over it, and the folder flushed.
 */
export async function replaceFile(
  file: string,
  bytes: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<void> {
  const old = await stat(file).catch(absent);
  const owner = options.owner ?? old;
  const temporary = temporaryOf(file);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      if (owner && process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(options.mode ?? (old ? old.mode & 0o7777 : 0o644));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await (options.rename ?? rename)(temporary, file);
  } catch (error) {
    // What is told is why the replacement failed, whatever becomes of the rest.
    await unlink(temporary).catch(() => undefined);
    throw naming(file, error);
  }
  await syncFolder(dirname(file));
}

/** As {@link replaceFile}, at once, with permissions of its own: for what must be on disk before the next step. */
export function replaceFileSync(file: string, bytes: string | Uint8Array, mode: number): void {
  const temporary = temporaryOf(file);
  try {
    const handle = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(handle, bytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    removeQuietly(temporary);
    throw naming(file, error);
  }
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

// What is told is why the replacement failed, whatever becomes of the rest.
function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** Where {@link setAsideSync} puts a file that is damaged; one place for each, so that nothing piles up. */
export function asideOf(file: string): string {
  return `${file}.damaged`;
}

/** Moves a damaged file out of the way, for whoever wants to know what became of it. Throws what the file system throws. */
export function setAsideSync(file: string): void {
  rmSync(asideOf(file), { recursive: true, force: true });
  renameSync(file, asideOf(file));
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

/**
 * Makes a folder and those above it that are missing; returns the first that was made. Throws what the file system throws. Node's
 * own recursion never ends if the file system takes no folders and calls that ENOENT, as /proc does.
 */
export function makeFolderSync(folder: string, mode = 0o777): string | undefined {
  try {
    mkdirSync(folder, { mode });
    return folder;
  } catch (error) {
    if (isErrno(error, 'EEXIST') && statSync(folder).isDirectory()) return undefined;
    if (!isErrno(error, 'ENOENT')) throw error;
    const first = dirname(folder) === folder ? undefined : makeFolderSync(dirname(folder), mode);
    try {
      // Even if nothing was missing above it any more: another process may have made it meanwhile.
      mkdirSync(folder, { mode });
    } catch (again) {
      if (!isErrno(again, 'EEXIST')) throw again;
    }
    return first ?? folder;
  }
}

/** As {@link makeFolderSync}, without blocking the process. */
export async function makeFolder(folder: string, mode = 0o777): Promise<string | undefined> {
  try {
    await mkdir(folder, { mode });
    return folder;
  } catch (error) {
    if (isErrno(error, 'EEXIST') && (await stat(folder)).isDirectory()) return undefined;
    if (!isErrno(error, 'ENOENT')) throw error;
    const first = dirname(folder) === folder ? undefined : await makeFolder(dirname(folder), mode);
    try {
      // Even if nothing was missing above it any more: another process may have made it meanwhile.
      await mkdir(folder, { mode });
    } catch (again) {
      if (!isErrno(again, 'EEXIST')) throw again;
    }
    return first ?? folder;
  }
}

/** What {@link replaceFile} left beside `file` when it was cut short: names that match. */
export function isTemporaryOf(file: string, name: string): boolean {
  return name.startsWith(`.${basename(file)}.`) && name.endsWith('.tmp');
}

/** Removes what replacements left in a folder when they were cut short: for a start, when nothing is being replaced. */
export function removeTemporaries(folder: string, isTheirs: (name: string) => boolean = isTemporary): void {
  for (const name of readdirSync(folder)) if (isTheirs(name)) rmSync(join(folder, name), { force: true });
}

function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp$/.test(name);
}

/** For `.catch()`: nothing where there is no such file; other errors go on. */
export function absent(error: unknown): undefined {
  if (isErrno(error, 'ENOENT')) return undefined;
  throw error;
}

/**
 * The same error of the operating system with the file that it is about: an error of an open file, such as "ENOSPC: no
 * space left on device, write", does not name it. Any other error is returned unchanged.
 */
export function naming(file: string, error: unknown): unknown {
  if (!isErrno(error)) return error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  const words = getSystemErrorMap().get(errno ?? 0)?.[1];
  if (code === undefined || words === undefined) return error;
  const named = new Error(`${code}: ${words}, ${syscall} '${file}'`, { cause: error });
  return Object.assign(named, { code, errno, syscall, path: file });
}

/** Whether an error is of the operating system: with one of these codes, or any where none is named. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && (codes.length === 0 || codes.includes(code));
}

/** A new name beside `file` for what is to replace it. */
export function temporaryOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
}
