import { open, readFile, realpath, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { absent, isErrno, replaceFile, syncFolder } from '@troupe/core/durable-file';
import { systemReasonOf } from '@troupe/core/internal';
import { ProvisionError } from '../provision-error.js';

/** How a file of the host came to its new text. */
export interface Change {
  readonly file: string;
  readonly how: 'unchanged' | 'replaced' | 'written in place';
  /** Where the old text was kept, when the file was written in place. */
  readonly backup: string | null;
}

export interface ManagedFileOptions {
  /** Where the backup goes when it cannot stand beside the file. */
  readonly backupFolder: string;
  readonly rename?: typeof rename;
}

/**
 * Changes the text of a file atomically, byte for byte (the text is Latin-1, so that any bytes pass through). Where
 * the file cannot be replaced, such as one that is bind-mounted into a container, it is backed up and written in
 * place; a write that was cut short is made good from the backup the next time.
 */
export async function changeText(
  file: string,
  change: (text: string) => string,
  options: ManagedFileOptions,
): Promise<Change> {
  try {
    const path = (await realpath(file).catch(absent)) ?? file;
    const unfinished = await findUnfinished(path, options);
    const old = await readFile(unfinished ?? path).catch(absent);
    const wanted = Buffer.from(change(old?.toString('latin1') ?? ''), 'latin1');
    if (!unfinished && old?.equals(wanted)) return { file: path, how: 'unchanged', backup: null };
    const rest = { ...(options.rename ? { rename: options.rename } : {}) };
    const refusal = await replaceFile(path, wanted, rest).catch(irreplaceable);
    if (!refusal) {
      if (unfinished) await finish(unfinished);
      return { file: path, how: 'replaced', backup: null };
    }
    if (!old) throw refusal;
    const copy = unfinished ?? (await backUp(path, old, options));
    await writeInPlace(path, wanted);
    return { file: path, how: 'written in place', backup: await finish(copy) };
  } catch (cause) {
    if (cause instanceof ProvisionError) throw cause;
    throw new ProvisionError(`cannot change ${file}: ${systemReasonOf(cause)}`, { cause });
  }
}

const unfinishedEnding = '.troupe-unfinished';

// rename(2): EBUSY and EXDEV over a mount point; the others where the folder may not be written, but the file may.
function irreplaceable(error: unknown): Error {
  if (error instanceof Error && isErrno(error, 'EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS')) return error;
  throw error;
}

function unfinishedPaths(path: string, { backupFolder }: ManagedFileOptions): [string, string] {
  const name = `${basename(path)}${unfinishedEnding}`;
  return [join(dirname(path), name), join(backupFolder, name)];
}

async function findUnfinished(path: string, options: ManagedFileOptions): Promise<string | undefined> {
  for (const candidate of unfinishedPaths(path, options)) {
    if (await realpath(candidate).catch(absent)) return candidate;
  }
  return undefined;
}

async function backUp(path: string, old: Buffer, options: ManagedFileOptions): Promise<string> {
  const [beside, elsewhere] = unfinishedPaths(path, options);
  const refusal = await replaceFile(beside, old).catch(irreplaceable);
  if (!refusal) return beside;
  await replaceFile(elsewhere, old);
  return elsewhere;
}

async function writeInPlace(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.writeFile(bytes);
    await handle.truncate(bytes.length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function finish(unfinished: string): Promise<string> {
  const backup = `${unfinished.slice(0, -unfinishedEnding.length)}.troupe-backup`;
  await rename(unfinished, backup);
  await syncFolder(dirname(backup));
  return backup;
}
