import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { messageOf, TroupeError } from '@troupe/core';
import { rowLines, systemReasonOf } from '@troupe/core/internal';
import { createTarGzip } from 'nanotar';
import { clockReport, systemReport } from './system.js';
import { textWithoutSecrets } from './without-secrets.js';

/** A file of a support archive, as its contents list names it. */
export interface SupportEntry {
  readonly name: string;
  /** What the file holds, for the person who decides whether to send it. */
  readonly description: string;
  readonly bytes: number;
  /** Why it could not be collected; the file then holds this reason only. */
  readonly failure?: string;
}

const contentsName = 'CONTENTS.txt';

const introduction = `Each file below was collected on this machine to help find a fault. Values of keys that may be secret (passwords,
tokens, private keys), credentials and paths in URLs, and tokens in log lines are replaced by [redacted]. Names of
hosts, addresses and file paths are not. Read the files before you send them.
`;

/**
 * Collects files and writes them as one compressed tar archive. A file that cannot be collected does not prevent the
 * others: the archive then says why.
 */
export class SupportArchive {
  // no peer fills this: it holds files of this host, for one archive
  readonly #files: { readonly entry: SupportEntry; readonly text: string }[] = [];
  readonly #folder: string;
  readonly #time: Date;

  /** @param folder the folder in the archive that holds all files */
  constructor(folder: string, time: Date) {
    this.#folder = folder;
    this.#time = time;
  }

  /** Adds what is known of this machine: its system, versions and clock. */
  async collectMachine(program: string): Promise<void> {
    await this.collect('system.json', 'operating system, hardware, versions', () => systemReport(program));
    await this.collect('clock.json', "this machine's clock and its synchronization", () =>
      clockReport(this.#time),
    );
  }

  /** Adds what `read` returns, without what looks like a secret: text as text, everything else as JSON. Nothing is added if it returns undefined. */
  async collect(name: string, description: string, read: () => unknown): Promise<void> {
    let text: string;
    let failure: string | undefined;
    try {
      const value = await read();
      if (value === undefined) return;
      text = typeof value === 'string' ? textWithoutSecrets(value) : jsonOf(value);
    } catch (error) {
      failure = textWithoutSecrets(messageOf(error));
      text = `${uncollected(failure)}\n`;
    }
    const bytes = Buffer.byteLength(text);
    this.#files.push({
      entry: { name, description, bytes, ...(failure === undefined ? {} : { failure }) },
      text,
    });
  }

  /** What has been collected so far. */
  get entries(): readonly SupportEntry[] {
    return this.#files.map(({ entry }) => entry);
  }

  /** What a person reads after the archive was written to this file. */
  summary(file: string): string {
    const rows = this.entries.map(({ name, description, failure }) => [
      name,
      failure === undefined ? description : uncollected(failure),
    ]);
    const end = 'Secrets were removed. Read the files before you send them.';
    return [`Wrote ${file}:`, ...rowLines(rows, { margin: 2 }), '', end].join('\n');
  }

  /** Writes the archive, readable by its owner only. Throws FILE_UNREADABLE, also if the file exists. */
  async write(file: string): Promise<void> {
    const contents = [introduction, ...this.entries.map(lineOf), ''].join('\n');
    const files = [
      { name: contentsName, text: contents },
      ...this.#files.map(({ entry, text }) => ({ name: entry.name, text })),
    ];
    const archive = await createTarGzip(
      files.map(({ name, text }) => ({ name: `${this.#folder}/${name}`, data: text })),
      { attrs: { mode: '600', mtime: this.#time.getTime(), uid: 0, gid: 0 } },
    );
    try {
      await writeNew(file, archive);
    } catch (cause) {
      const isTaken = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      const why = isTaken ? 'it exists already; choose another --output' : systemReasonOf(cause);
      throw new TroupeError('FILE_UNREADABLE', `cannot write the archive ${file}: ${why}`, { cause });
    }
  }
}

function jsonOf(value: unknown): string {
  const clean = (_key: string, inner: unknown) =>
    typeof inner === 'string' ? textWithoutSecrets(inner) : inner;
  return `${JSON.stringify(value, clean, 2)}\n`;
}

/** The name of an archive of this moment, without its ending: host and UTC time. */
export function supportFileName(time: Date): string {
  const host =
    hostname()
      .split('.', 1)[0]
      ?.replace(/[^\w-]/g, '_') || 'host';
  return `troupe-support-${host}-${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function lineOf({ name, description, failure }: SupportEntry): string {
  return `${name}\n    ${description}${failure === undefined ? '' : `; ${uncollected(failure)}`}`;
}

function uncollected(failure: string): string {
  return `could not be collected: ${failure}`;
}

async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  const handle: FileHandle = await open(
    file,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}
