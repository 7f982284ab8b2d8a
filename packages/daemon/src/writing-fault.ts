import { closeSync, constants, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno, makeFolderSync, temporaryOf } from '@troupe/core/durable-file';
import { systemReasonOf } from '@troupe/core/internal';

const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_WRONLY } = constants;

/** Why a file cannot be written, nothing if it can: it is opened, and what was made for that is removed again. */
export function fileWritingFault(file: string): string | undefined {
  return faultOf(file, () => {
    const made = makeFolderSync(dirname(file), 0o700);
    try {
      const isNew = isCreated(file);
      if (!isNew) closeSync(openSync(file, O_WRONLY | O_APPEND | O_NONBLOCK));
      if (isNew) rmSync(file);
    } finally {
      if (made !== undefined) rmSync(made, { recursive: true });
    }
  });
}

/** Why nothing can be written to a folder, nothing if it can; a folder that is missing is made, with `isTrial` only for a moment. */
export function folderWritingFault(
  folder: string,
  { isTrial = false }: { readonly isTrial?: boolean } = {},
): string | undefined {
  return faultOf(folder, () => {
    const made = makeFolderSync(folder, 0o700);
    const probe = temporaryOf(`${folder}/probe`);
    try {
      // A full disk takes the name of a file, and not its bytes.
      const fd = openSync(probe, O_WRONLY | O_CREAT | O_EXCL, 0o600);
      try {
        writeFileSync(fd, Buffer.alloc(4096));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
        rmSync(probe, { force: true });
      }
    } finally {
      if (isTrial && made !== undefined) rmSync(made, { recursive: true });
    }
  });
}

function isCreated(file: string): boolean {
  try {
    closeSync(openSync(file, O_WRONLY | O_CREAT | O_EXCL, 0o600));
    return true;
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    return false;
  }
}

function faultOf(path: string, work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!isErrno(error)) throw error;
    return `cannot write ${path}: ${systemReasonOf(error)}`;
  }
}
