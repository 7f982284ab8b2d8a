import { rmSync } from 'node:fs';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onExit } from './processes/on-exit.js';

/** A folder that is gone, with all that is in it, after `close()`, `await using` or the end of the process. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** A path in the folder. */
  join(...parts: string[]): string;
  close(): Promise<void>;
}

/**
 * Makes a folder below the machine's folder for temporary files. `mode` is 0700 unless told; a Puppet Server that
 * root starts runs as another user and needs 0711.
 */
export async function createTempFolder(
  options: { prefix?: string; mode?: number } = {},
): Promise<TempFolder> {
  const path = await mkdtemp(join(await realpath(tmpdir()), `${options.prefix ?? 'troupe'}-`));
  const forget = onExit(() => rmSync(path, { recursive: true, force: true }));
  const close = async () => {
    // A process that was just killed may still have been writing: the removal is tried again.
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
    forget();
  };
  try {
    if (options.mode !== undefined) await chmod(path, options.mode);
  } catch (error) {
    await close();
    throw error;
  }
  return { path, join: (...parts) => join(path, ...parts), close, [Symbol.asyncDispose]: close };
}
