import { close, closeSync, fdatasync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isErrno, replaceFileSync, syncFolder } from '@troupe/core/durable-file';

const dataSync = promisify(fdatasync);

/** Milliseconds that an id is remembered beyond the time in which its request could begin: a clock may be set back by less. */
const slack = 3_600_000;
const minute = 60_000;
const leastLines = 10_000;

/** The journals of this process that hold their files open: emulators run thousands of daemons, and handles are few. */
const holders = new Set<RequestJournal>();
const mostHolders = 64;

/** The ids of the requests that a node has begun, on disk before they run, so that a restart does not make one run twice. */
export class RequestJournal {
  readonly #file: string;
  readonly #most: number;
  /** Until when (milliseconds since 1970) the request of an id could begin. */
  readonly #ids = new Map<string, number>();
  // By the minute in which they end, so that nobody walks through all of them.
  readonly #byMinute = new Map<number, string[]>();
  #sweptAt = 0;
  #lines = 0;
  #fd: number | undefined;
  #isTorn = false;
  // Whether the folder's entry for the file is safe as well.
  #isPlaced = false;
  #flushing: Promise<void> | undefined;
  #nextFlush: Promise<void> | undefined;

  constructor(options: { readonly file: string; readonly most: number }) {
    this.#file = options.file;
    this.#most = options.most;
    this.#load();
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Makes room if it can: ids of requests that could not begin any more go before their time. */
  hasRoom(now: number): boolean {
    if (this.#ids.size >= this.#most) this.#sweep(now, 0);
    return this.#ids.size < this.#most;
  }

  /** Notes an id on disk. Throws what the file system throws; the id is not remembered then. */
  add(id: string, until: number, now: number): void {
    if (Math.abs(now - this.#sweptAt) >= minute) this.#sweep(now, slack);
    this.#write(lineOf(id, until));
    this.#remember(id, until);
  }

  /** The same, but remembered in memory alone where the disk takes nothing: for what only reads, and harms nobody twice. */
  addIfPossible(id: string, until: number, now: number): void {
    try {
      this.add(id, until, now);
    } catch (error) {
      if (!isErrno(error)) throw error;
      this.#remember(id, until);
    }
  }

  /** Resolves when what was added is safe from a power cut; those that come together share the cost. */
  flush(): Promise<void> {
    this.#nextFlush ??= this.#flushAfter(this.#flushing);
    return this.#nextFlush;
  }

  /** The file may be opened again by what is added later. */
  close(): void {
    this.#release();
  }

  #release(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    holders.delete(this);
    if (fd === undefined) return;
    if (this.#flushing !== undefined) void this.#flushing.catch(() => {}).then(() => close(fd));
    else closeSync(fd);
  }

  // A flush that has begun may not hold what was written since.
  async #flushAfter(earlier: Promise<void> | undefined): Promise<void> {
    await earlier?.catch(() => {});
    this.#nextFlush = undefined;
    this.#flushing = dataSync(this.#open());
    try {
      await this.#flushing;
      if (!this.#isPlaced) await syncFolder(dirname(this.#file));
      this.#isPlaced = true;
    } finally {
      if (!this.#nextFlush) this.#flushing = undefined;
    }
  }

  #remember(id: string, until: number): void {
    this.#ids.set(id, until);
    const end = Math.floor(until / minute);
    const ids = this.#byMinute.get(end);
    if (ids) ids.push(id);
    else this.#byMinute.set(end, [id]);
  }

  #sweep(now: number, spare: number): void {
    this.#sweptAt = now;
    for (const [end, ids] of this.#byMinute) {
      if ((end + 1) * minute + spare >= now) continue;
      for (const id of ids) this.#ids.delete(id);
      this.#byMinute.delete(end);
    }
  }

  #open(): number {
    if (this.#fd === undefined) {
      this.#fd = openSync(this.#file, 'a', 0o600);
      const [oldest] = holders;
      if (holders.size >= mostHolders && oldest) oldest.#release();
      holders.add(this);
    }
    return this.#fd;
  }

  #write(line: string): void {
    if (this.#lines >= 2 * this.#ids.size + leastLines) this.#compact();
    // What a full disk took of a line must not spoil the next one.
    const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${line}`);
    this.#isTorn = true;
    const fd = this.#open();
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    this.#isTorn = false;
    this.#lines += 1;
  }

  #load(): void {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      throw error;
    }
    for (const line of text.split('\n')) {
      const entry = line === '' ? undefined : entryOf(line);
      if (entry) this.#remember(entry.id, entry.until);
    }
    this.#sweep(Date.now(), slack);
    this.#compact();
  }

  #compact(): void {
    this.#release();
    const lines = [...this.#ids].map(([id, until]) => lineOf(id, until));
    replaceFileSync(this.#file, lines.join(''), 0o600);
    this.#lines = lines.length;
    this.#isTorn = false;
    this.#isPlaced = true;
  }
}

function lineOf(id: string, until: number): string {
  return `${JSON.stringify({ id, until })}\n`;
}

// A line may be torn by a power cut or a full disk: its request had not begun.
function entryOf(line: string): { id: string; until: number } | undefined {
  try {
    const { id, until } = JSON.parse(line) as { id?: unknown; until?: unknown };
    return typeof id === 'string' && typeof until === 'number' ? { id, until } : undefined;
  } catch {
    return undefined;
  }
}
