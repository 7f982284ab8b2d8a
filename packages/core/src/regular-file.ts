import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export interface ReadOptions {
  /** Bytes that the file may have; by default 64 MiB. */
  readonly most?: number;
  /** Throws if the file must not be used: called before it is read. */
  readonly check?: (status: Stats) => void;
}

const defaultMost = 64 * 1024 * 1024;
const chunk = 64 * 1024;

/**
 * Reads a file that others may have put there: a FIFO, a socket or a device in its place is refused instead of waited
 * for, and reading ends at a limit. The caller's own streams (`/dev/stdin`, `/dev/fd/63` of a shell) are read to their
 * end. Throws what the file system throws, or an Error that says what the file is.
 */
export function readRegularFileSync(file: string, { most = defaultMost, check }: ReadOptions = {}): Buffer {
  const fd = openSync(file, flagsFor(file));
  try {
    const status = fstatSync(fd);
    check?.(status);
    const first = firstBytes(file, status, most);
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const part = Buffer.allocUnsafe(parts.length === 0 ? first : chunk);
      const bytes = readSync(fd, part, 0, part.length, null);
      if (bytes === 0) return Buffer.concat(parts, length);
      parts.push(part.subarray(0, bytes));
      length += bytes;
      if (length > most) throw new Error(`it has more than ${most} bytes`);
    }
  } finally {
    closeSync(fd);
  }
}

/** As {@link readRegularFileSync}, without blocking the process. */
export async function readRegularFile(
  file: string,
  { most = defaultMost, check }: ReadOptions = {},
): Promise<Buffer> {
  const handle = await open(file, flagsFor(file));
  try {
    const status = await handle.stat();
    check?.(status);
    return await readAll(handle, firstBytes(file, status, most), most);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, first: number, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for (;;) {
    const part = Buffer.allocUnsafe(parts.length === 0 ? first : chunk);
    const { bytesRead } = await handle.read(part, 0, part.length, null);
    if (bytesRead === 0) return Buffer.concat(parts, length);
    parts.push(part.subarray(0, bytesRead));
    length += bytesRead;
    if (length > most) throw new Error(`it has more than ${most} bytes`);
  }
}

/** Whether a path names a stream that the caller handed over, such as that of `<(…)` in a shell. */
export function isOwnStream(file: string): boolean {
  return /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(file);
}

// Without O_NONBLOCK, opening a FIFO waits until a program writes to it.
function flagsFor(file: string): number {
  return isOwnStream(file) ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK;
}

// How many bytes to ask for first. A folder is left to the read, which names the error that everybody knows.
function firstBytes(file: string, status: Stats, most: number): number {
  const isStream = isOwnStream(file) || status.isDirectory();
  if (!isStream && !status.isFile()) throw new Error(`it is ${kindOf(status)}, not a regular file`);
  if (status.isFile() && status.size > most)
    throw new Error(`it has ${status.size} bytes; the limit is ${most}`);
  return status.isFile() && status.size > 0 ? status.size + 1 : chunk;
}

function kindOf(status: Stats): string {
  if (status.isFIFO()) return 'a FIFO';
  return status.isSocket() ? 'a socket' : 'a device';
}
