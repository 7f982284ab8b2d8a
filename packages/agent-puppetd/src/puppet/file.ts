import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isErrno } from '@troupe/core/durable-file';

/** Makes a file in one step unless there is one; answers whether it did. */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  const temporary = temporaryOf(path);
  try {
    await writeFile(temporary, text, { mode, flag: 'wx' });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The text of a file, or nothing where there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  }
}

/** The first and the last bytes of a file that may be large, or nothing where there is none. */
export async function readEnds(
  path: string,
  bytes: number,
): Promise<{ head: string; tail: string } | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  });
  if (!file) return;
  try {
    const { size } = await file.stat();
    const head = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    const tail = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes));
    return {
      head: head.buffer.toString('utf8', 0, head.bytesRead),
      tail: tail.buffer.toString('utf8', 0, tail.bytesRead),
    };
  } finally {
    await file.close();
  }
}

/** Whether there is such a file; one that cannot be looked at counts as there. */
export function isPresent(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => !isErrno(error, 'ENOENT', 'ENOTDIR'),
  );
}

function temporaryOf(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
}
