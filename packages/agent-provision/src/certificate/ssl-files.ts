import { chmod, chown, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { absent, makeFolder, type Ownership, replaceFile, syncFolder } from '@troupe/core/durable-file';

/** Where Puppet's agent keeps its key and certificates: settings of Puppet, by its own names. */
export interface SslPaths {
  readonly ssldir: string;
  readonly hostprivkey: string;
  readonly hostpubkey: string;
  readonly hostcsr: string;
  readonly hostcert: string;
  readonly localcacert: string;
  readonly hostcrl: string;
}

// As Puppet's own defaults.rb has them.
const modes = {
  ssldir: 0o771,
  privateFolder: 0o750,
  publicFolder: 0o755,
  privateKey: 0o640,
  publicFile: 0o644,
};

/** The files of Puppet's agent below its ssldir, with the modes that Puppet gives them and the owner of its ssldir. */
export class SslFiles {
  readonly paths: SslPaths;

  constructor(paths: SslPaths) {
    this.paths = paths;
  }

  /** The text of one of the files, or nothing where there is none. */
  async read(name: Exclude<keyof SslPaths, 'ssldir'>): Promise<string | undefined> {
    return await readFile(this.paths[name], 'utf8').catch(absent);
  }

  async write(name: Exclude<keyof SslPaths, 'ssldir'>, pem: string): Promise<void> {
    const isPrivate = name === 'hostprivkey';
    const file = this.paths[name];
    const owner = await this.#prepare(dirname(file), isPrivate ? modes.privateFolder : modes.publicFolder);
    await replaceFile(file, pem, { mode: isPrivate ? modes.privateKey : modes.publicFile, owner });
  }

  /** Removes files; those that are not there are none the less removed. */
  async remove(...names: readonly Exclude<keyof SslPaths, 'ssldir'>[]): Promise<void> {
    for (const name of names) {
      const file = this.paths[name];
      const removed = await unlink(file).then(() => true, absent);
      if (removed) await syncFolder(dirname(file));
    }
  }

  async #prepare(folder: string, mode: number): Promise<Ownership> {
    const owner = await ownerOfNearest(this.paths.ssldir);
    await makeOwnedFolder(this.paths.ssldir, modes.ssldir, owner);
    await makeOwnedFolder(folder, mode, owner);
    return owner;
  }
}

async function makeOwnedFolder(folder: string, mode: number, owner: Ownership): Promise<void> {
  const first = await makeFolder(folder);
  if (first === undefined) return;
  await chmod(folder, mode);
  if (process.getuid?.() === 0) await chown(folder, owner.uid, owner.gid);
  await syncFolder(dirname(folder));
}

// Packages create Puppet's folders with the owner that Puppet gives to its files.
async function ownerOfNearest(path: string): Promise<Ownership> {
  const found = await stat(path).catch(absent);
  return found ?? (await ownerOfNearest(dirname(path)));
}
