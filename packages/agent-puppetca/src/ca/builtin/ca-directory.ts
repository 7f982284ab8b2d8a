import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, replaceFile } from '@troupe/core/durable-file';

/** A line of the inventory: a certificate that was issued. */
export interface Issued {
  /** Hex, without leading zeros. */
  readonly serial: string;
  readonly certname: string;
}

/** A folder in the layout of Puppet's CA; every file is written whole or not at all. Names are valid already. */
export class CaDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The lock file that is held during every change. */
  get lock(): string {
    return join(this.path, 'lock');
  }

  async create(): Promise<void> {
    for (const folder of ['requests', 'signed', 'private_keys']) {
      await makeFolder(join(this.path, folder), 0o750);
    }
  }

  /** The text of a file, or nothing where it is not there. */
  async read(...parts: readonly string[]): Promise<string | undefined> {
    try {
      return await readFile(join(this.path, ...parts), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(text: string, ...parts: readonly string[]): Promise<void> {
    const isSecret = parts[0] === 'ca_key.pem' || parts[0] === 'private_keys';
    await replaceFile(join(this.path, ...parts), text, { mode: isSecret ? 0o600 : 0o644 });
  }

  /** Whether there was something to remove. */
  async remove(...parts: readonly string[]): Promise<boolean> {
    try {
      await rm(join(this.path, ...parts));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** The names that have a file in a folder. */
  async names(folder: 'requests' | 'signed'): Promise<string[]> {
    const files = await readdir(join(this.path, folder));
    return files.flatMap((file) => (file.endsWith('.pem') ? [file.slice(0, -'.pem'.length)] : []));
  }

  /** Takes the next serial number in hex: it is gone even if nothing comes of it. */
  async nextSerial(): Promise<string> {
    const serial = BigInt(`0x${(await this.read('serial'))?.trim() || '1'}`);
    await this.write(hex(serial + 1n), 'serial');
    return hex(serial);
  }

  // Puppet's format: 0x0001 2026-11-21T17:16:58UTC 2031-11-21T17:16:59UTC /CN=web1.example.net
  async record(issued: Issued & { from: Date; to: Date }): Promise<void> {
    const [from, to] = [issued.from, issued.to].map((date) => date.toISOString().replace(/\.\d+Z$/, 'UTC'));
    // The line break comes first, so that a line cut short by a crash spoils no other.
    await appendFile(this.#inventory, `\n0x${issued.serial} ${from} ${to} /CN=${issued.certname}`);
  }

  async issued(certname: string): Promise<Issued[]> {
    const lines = (await this.read('inventory.txt'))?.split('\n') ?? [];
    return lines.flatMap((line) => {
      const [, serial, name] = /^0x([0-9a-f]+) \S+ \S+ \/CN=(\S+)$/i.exec(line) ?? [];
      return serial && name === certname ? [{ serial, certname }] : [];
    });
  }

  get #inventory(): string {
    return join(this.path, 'inventory.txt');
  }
}

function hex(serial: bigint): string {
  return serial.toString(16).toUpperCase().padStart(4, '0');
}
