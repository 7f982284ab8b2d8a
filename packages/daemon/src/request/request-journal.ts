import { close, closeSync, constants, fdatasync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Logger, messageOf, silentLogger } from '@troupe/core';
import {
  isErrno,
  makeFolderSync,
  naming,
  replaceFileSync,
  setAsideSync,
  syncFolder,
} from '@troupe/core/durable-file';
import { sealLine, systemReasonOf } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { DamagedError } from '../sealed-file.js';
import { headerOf, type JournalContents, readJournal } from './journal-format.js';
import {
  type Generation,
  type JournalDamage,
  readGeneration,
  replaceGeneration,
  updateGeneration,
} from './journal-generation.js';
import { type IdTimes, type RequestId, RequestIds } from './request-ids.js';

const dataSync = promisify(fdatasync);

/** Milliseconds that an id is remembered beyond the time in which its request could begin. */
const slack = 3_600_000;
const minute = 60_000;
/** The longest time in milliseconds that a request can be valid. */
const longestTtl = 86_400_000;
const leastLines = 10_000;

/** The journals of this process that hold their files open: emulators run thousands of daemons, and handles are few. */
// no peer fills this: it holds journals of this process
const holders = new Set<RequestJournal>();
const mostHolders = 64;

export interface RequestJournalOptions {
  readonly file: string;
  /** Ids that are remembered at most. */
  readonly most: number;
  readonly log?: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds since some moment, on a clock that nobody sets. */
  readonly monotonic?: () => number;
}

/** When a request was made, and until when it could begin; in milliseconds since 1970. */
export interface RequestTimes {
  readonly time: number;
  readonly until: number;
}

/**
 * The ids of the requests that a node has begun, on disk before they run, so that a restart does not make one run
 * twice. What the file must contain is kept in a second one (FILE.generation): if the two disagree, ids may be lost,
 * and requests that were made before that was found count as doubtful.
 */
export class RequestJournal {
  readonly #options: RequestJournalOptions;
  readonly #log: Logger;
  readonly #monotonic: () => number;
  // bound: ids of mutating requests, in memory and in `requests.jsonl` | callers | [limits.keep_ids], for an hour
  // beyond the ttl, which is at most [limits.max_ttl] s | 200 bytes each in memory; 150 bytes and the name of the
  // caller on disk, twice as much until the file is rewritten | a caller with four fifths gets `busy`
  readonly #ids: RequestIds;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** The node's life when this journal was opened, less the monotonic clock at that moment. */
  #birth: number;
  #generation = 0;
  #lines = 0;
  /** Lines of which the second file knows. */
  #safeLines = 0;
  #sum = 0;
  #latest = 0;
  #forgotten = 0;
  #damage: JournalDamage | undefined;
  #fault: string | undefined;
  #fd: number | undefined;
  /** Whether the file must be written anew before something is added. */
  #isStale = false;
  /** Whether the folder's entry for the file is safe as well. */
  #isPlaced = true;
  #flushing: Promise<void> | undefined;
  #nextFlush: Promise<void> | undefined;

  constructor(options: RequestJournalOptions) {
    this.#options = options;
    this.#ids = new RequestIds(options.most);
    this.#log = options.log ?? silentLogger;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#birth = -this.#monotonic();
    this.#load((options.now ?? Date.now)());
  }

  has(request: RequestId): boolean {
    return this.#ids.has(request);
  }

  /** Why nothing could be written to it last; nothing if it could. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Why a request that is not in the journal may nevertheless have begun; nothing if it cannot have. */
  doubtOf({ time, until }: RequestTimes, now: number): string | undefined {
    this.#liftDamage(now);
    if (this.#damage && time < this.#damage.time)
      return `its record of requests was found damaged at ${new Date(this.#damage.time).toISOString()}, after this request was made`;
    // One that has expired is refused as such.
    if (until <= this.#forgotten && until >= now)
      return `it has already removed the ids of requests of that time from its record, so its clock was set back: check NTP`;
    return undefined;
  }

  /** Makes room for a caller if it can: ids of requests that could not begin any more go before their time. */
  hasRoom(caller: string, now: number): boolean {
    if (!this.#ids.hasRoom(caller)) this.#sweep(now, { isUrgent: true });
    return this.#ids.hasRoom(caller);
  }

  /** Notes a request on disk. Throws what the file system throws; the request is not remembered then. */
  add(request: RequestId, times: RequestTimes, now: number): void {
    if (this.#lived() - this.#sweptAt >= minute) this.#sweep(now);
    const { caller, id } = request;
    const entry = this.#entryOf(times, now);
    this.#noting(() => this.#write({ caller, id }, entry));
    this.#remember({ caller, id }, entry);
  }

  #noting(work: () => void): void {
    try {
      work();
      this.#fault = undefined;
    } catch (error) {
      this.#fault = `cannot write ${this.#options.file}: ${systemReasonOf(error)}`;
      throw error;
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

  #lived(): number {
    return Math.round(this.#birth + this.#monotonic());
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
    const [generation, lines] = [this.#generation, this.#lines];
    this.#flushing = dataSync(this.#open());
    try {
      await this.#flushing.catch((error: unknown) => {
        throw naming(this.#options.file, error);
      });
      if (!this.#isPlaced) await syncFolder(dirname(this.#options.file));
      this.#isPlaced = true;
      // What was written anew meanwhile is safe already.
      if (generation === this.#generation && lines > this.#safeLines) this.#update(lines);
    } finally {
      if (!this.#nextFlush) this.#flushing = undefined;
    }
  }

  #entryOf(times: RequestTimes, now: number): IdTimes {
    const life = Math.min(Math.max(times.until - now, 0), longestTtl);
    return { ...times, ends: life === 0 ? 0 : this.#lived() + life };
  }

  #remember(request: RequestId, entry: IdTimes): void {
    this.#ids.add(request, entry);
    this.#latest = Math.max(this.#latest, entry.time);
  }

  #sweep(now: number, { isUrgent = false } = {}): void {
    const lived = this.#lived();
    this.#sweptAt = lived;
    const removed = this.#ids.sweep(now, lived, { spare: isUrgent ? 0 : slack, isUrgent });
    this.#forgotten = Math.max(this.#forgotten, removed);
    this.#liftDamage(now);
  }

  // Afterwards no request is valid any more that could be lost, unless the clock is set back.
  #liftDamage(now: number): void {
    if (!this.#damage || this.#lived() - this.#damage.lived <= longestTtl) return;
    this.#forgotten = Math.max(this.#forgotten, Math.min(this.#damage.time + longestTtl, now));
    this.#damage = undefined;
  }

  #open(): number {
    if (this.#fd === undefined) {
      this.#fd = this.#openOrReplace();
      const [oldest] = holders;
      if (holders.size >= mostHolders && oldest) oldest.#release();
      holders.add(this);
    }
    return this.#fd;
  }

  #openOrReplace(): number {
    const create = this.#generation === 0 ? constants.O_CREAT : 0;
    const open = () => openSync(this.#options.file, constants.O_WRONLY | constants.O_APPEND | create, 0o600);
    try {
      return open();
    } catch (error) {
      if (!isErrno(error, 'ENOENT') || create !== 0) throw error;
      this.#compact();
      return open();
    }
  }

  #write(request: RequestId, entry: IdTimes): void {
    if (this.#isStale || this.#lines >= 2 * this.#ids.size + leastLines) this.#compact();
    const begun = this.#generation === 0 ? this.#begin() : { line: '', sum: this.#sum };
    const fd = this.#open();
    // Opening may have written the file anew.
    const { line, sum } = sealLine({ ...request, ...entry }, begun.line === '' ? this.#sum : begun.sum);
    const bytes = Buffer.from(`${begun.line}${line}`);
    // What a full disk took of a line must not spoil the next one.
    this.#isStale = true;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    } catch (error) {
      throw naming(this.#options.file, error);
    }
    this.#isStale = false;
    this.#generation ||= 1;
    this.#sum = sum;
    this.#lines += 1;
  }

  // The second file comes first: from then on a journal that is missing is noticed once a line was flushed.
  #begin(): { readonly line: string; readonly sum: number } {
    const before = { generation: 0, lines: 0 };
    // It may have been impossible to make the folder at the start.
    makeFolderSync(dirname(this.#options.file), 0o700);
    replaceGeneration(generationFile(this.#options.file), {
      ...this.#state(),
      generation: 1,
      lines: 0,
      before,
    });
    this.#isPlaced = false;
    return headerOf(1);
  }

  #load(now: number): void {
    const faults: string[] = [];
    const known = this.#readKnown(faults);
    const contents = this.#readContents(faults);
    const fault = disagreement(known, contents);
    if (fault !== undefined && faults.length === 0) faults.push(fault);
    if (known) {
      this.#birth += known.lived;
      this.#latest = known.latest;
      this.#forgotten = known.forgotten;
      this.#damage = known.damage;
    }
    const entries = contents?.entries ?? [];
    for (const { ends = 0 } of entries)
      this.#birth = Math.max(this.#birth, ends - longestTtl - this.#monotonic());
    for (const { caller, id, time = 0, until, ends } of entries) {
      const times = { time, until: Math.min(until, now + 2 * longestTtl) };
      this.#remember({ caller, id }, ends === undefined ? this.#entryOf(times, now) : { ...times, ends });
    }
    if (faults.length > 0) {
      this.#generation = Math.max(contents?.generation ?? 0, known?.generation ?? 0);
      this.#noteDamage(faults.join('; '), now);
    } else if (contents?.generation !== undefined) {
      this.#generation = contents.generation;
      this.#lines = contents.lines;
      this.#safeLines = known?.generation === contents.generation ? known.lines : 0;
      this.#sum = contents.sum;
      this.#isStale = contents.isTorn;
    }
    this.#sweep(now);
    if (contents || faults.length > 0) this.#compactIfPossible();
  }

  // A disk that is full must not keep the node from starting: what only reads runs, and the rest when there is room.
  #compactIfPossible(): void {
    try {
      this.#noting(() => this.#compact());
    } catch (error) {
      if (!isErrno(error)) throw error;
      this.#isStale = true;
      const { file } = this.#options;
      this.#log.warn({ file, reason: messageOf(error) }, 'the record of requests cannot be written now');
    }
  }

  #readKnown(faults: string[]): Generation | undefined {
    const file = generationFile(this.#options.file);
    try {
      return readGeneration(file);
    } catch (error) {
      if (!(error instanceof DamagedError)) this.#moveAside(file);
      faults.push(`${file}: ${messageOf(error)}`);
      return undefined;
    }
  }

  #readContents(faults: string[]): JournalContents | undefined {
    const { file } = this.#options;
    try {
      return readJournal(readRegularFileSync(file, { most: Number.POSITIVE_INFINITY }));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      this.#moveAside(file);
      faults.push(`${file}: ${messageOf(error)}`);
      return undefined;
    }
  }

  // What cannot be read at all, such as a folder in its place, must not be in the way of the new one.
  #moveAside(file: string): void {
    try {
      setAsideSync(file);
    } catch (error) {
      this.#log.error({ file, reason: messageOf(error) }, 'cannot move a damaged record of requests aside');
    }
  }

  #noteDamage(reason: string, now: number): void {
    const time = Math.max(now, this.#latest + 1, this.#damage?.time ?? 0);
    this.#damage = { time, lived: this.#lived() };
    this.#log.error(
      { file: this.#options.file, reason, refused_before: new Date(time).toISOString(), ids: this.#ids.size },
      'THE RECORD OF REQUESTS IS DAMAGED: this node no longer knows which requests it has run; mutating requests that were made before this moment are refused until none of them is valid any more',
    );
  }

  // First the second file, which accepts both journals until the new one is there.
  #compact(): void {
    this.#release();
    const { file } = this.#options;
    const second = generationFile(file);
    const generation = this.#generation + 1;
    const before = { generation: this.#generation, lines: this.#safeLines };
    replaceGeneration(second, { ...this.#state(), generation, lines: 0, before });
    let { line, sum } = headerOf(generation);
    const lines = [line];
    for (const entry of this.#ids) {
      ({ line, sum } = sealLine(entry, sum));
      lines.push(line);
    }
    replaceFileSync(file, lines.join(''), 0o600);
    this.#generation = generation;
    this.#lines = lines.length - 1;
    this.#sum = sum;
    this.#isStale = false;
    this.#isPlaced = true;
    this.#update(this.#lines);
  }

  #update(lines: number): void {
    updateGeneration(generationFile(this.#options.file), {
      ...this.#state(),
      generation: this.#generation,
      lines,
    });
    this.#safeLines = lines;
  }

  #state(): Omit<Generation, 'generation' | 'lines' | 'before'> {
    return {
      lived: this.#lived(),
      latest: this.#latest,
      forgotten: this.#forgotten,
      ...(this.#damage && { damage: this.#damage }),
    };
  }
}

/** Where a journal's second file is. */
export function generationFile(file: string): string {
  return `${file}.generation`;
}

// What a daemon cannot have left behind, however it ended.
function disagreement(
  known: Generation | undefined,
  contents: JournalContents | undefined,
): string | undefined {
  if (contents?.fault !== undefined) return contents.fault;
  if (!known)
    return contents?.generation === undefined ? undefined : 'its second file, FILE.generation, is missing';
  if (!contents) return known.before?.generation === 0 ? undefined : 'it is missing';
  if (contents.generation === undefined)
    return known.before?.generation === 0
      ? undefined
      : 'its first line is damaged or missing, or an earlier version of mcod has replaced the file';
  const expected = [known, ...(known.before ? [known.before] : [])].find(
    ({ generation }) => generation === contents.generation,
  );
  if (!expected)
    return `it is number ${contents.generation}, and number ${known.generation} was written since: it was replaced by a copy`;
  return contents.lines < expected.lines
    ? `it has ${contents.lines} lines, and at least ${expected.lines} were written: its end is missing`
    : undefined;
}
