import { type Logger, messageOf } from '@troupe/core';
import { pause, Serial } from '@troupe/core/async';
import { BoundedMap, type Values } from '@troupe/core/internal';
import { PendingFile, type PendingLine } from './pending-file.js';

/** What a provisioner has to remember because a node cannot hold it. */
export type PendingKind = 'arrivals' | 'debts' | 'masters' | 'messages';

/** How entries of one kind are read and bounded. */
export interface PendingOptions<T extends object> {
  /** Entries. */
  readonly most: number;
  /** Bytes of all entries as JSON. */
  readonly mostBytes: number;
  /** Checks what was on disk, perhaps by another version; undefined if it is not an entry. */
  readonly read: (values: Values) => T | undefined;
  /** Who causes an entry; if there are too many, the one that causes most loses its oldest. Without it, all have one owner. */
  readonly ownerOf?: (entry: T, key: string) => string;
}

/** The entries of one kind. Values are never changed in place: a change is a new value under the same key. */
export interface PendingEntries<T extends object> {
  readonly size: number;
  /** Entries that were removed since the start because there were too many. */
  readonly dropped: number;
  get(key: string): T | undefined;
  /** The one set longest ago first. */
  entries(): IterableIterator<readonly [string, T]>;
  /** Keeps an entry: in memory at once, on disk soon; see {@link PendingJournal.saved}. */
  set(key: string, entry: T): void;
  /** Returns whether there was one. */
  delete(key: string): boolean;
}

/** Where it is: beside the journal of names. */
export function pendingFileOf(journalFile: string): string {
  return `${journalFile}.pending`;
}

/** Milliseconds in which changes are collected for one write. */
const collectFor = 20;
/** Milliseconds after which a write that failed is tried again. */
const retryAfter = 30_000;
/** Bytes of the key and of the braces around a value. */
const overhead = 64;

/**
 * What one provisioner remembers over restarts about what is not settled: machines that arrived and are not done, debts
 * towards masters, messages that are not delivered. Without it a provisioner works correctly, but has forgotten them. A
 * file that is damaged is logged and renamed, and what can be read of it is kept; if the disk takes nothing, everything
 * stays in memory and is written later.
 */
export class PendingJournal {
  readonly #file: PendingFile | undefined;
  readonly #log: Logger;
  // no peer fills this: it holds what was on disk, until its kind is asked for
  readonly #found = new Map<string, Map<string, Values>>();
  // no peer fills this: it holds the kinds
  readonly #kinds = new Map<string, BoundedEntries<object>>();
  /** Changes that are not on disk, by kind and key. */
  // no peer fills this: it holds entries of the kinds, which bound them, and is emptied by each write
  readonly #changed = new Map<string, Map<string, Values | undefined>>();
  // no peer fills this: writes wait for each other, and each writes all that has changed
  readonly #turns = new Serial();
  readonly #stop = new AbortController();
  #due: Promise<void> | undefined;
  #isFailing = false;
  /** What is in memory is not in the file, although nothing has changed. */
  #isBehind = false;

  private constructor(file: PendingFile | undefined, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  /** Opens the journal of a file, which need not exist. Never throws: what cannot be read is logged. */
  static open(path: string, log: Logger): PendingJournal {
    const file = new PendingFile(path);
    const journal = new PendingJournal(file, log);
    const { lines, fault, aside } = file.read();
    for (const line of lines) journal.#find(line);
    if (fault !== undefined) {
      const kept = aside === undefined ? 'it is replaced' : `it is kept as ${aside}`;
      log.error(
        { file: path, reason: fault },
        `the journal of pending matters is damaged: ${kept}, and ${lines.length} of its lines are used`,
      );
      journal.#isBehind = true;
      journal.#due = journal.#saveAfter(collectFor);
    }
    return journal;
  }

  /** A journal without a file, for what ends with this process. */
  static inMemory(log: Logger): PendingJournal {
    return new PendingJournal(undefined, log);
  }

  /** The entries of a kind, which has one user. */
  entries<T extends object>(kind: PendingKind, options: PendingOptions<T>): PendingEntries<T> {
    // A provisioner that begins again after its broker was away goes on with what the one before knew.
    const known = this.#kinds.get(kind);
    if (known) return known as unknown as PendingEntries<T>;
    const entries = new BoundedEntries<T>(options, {
      changed: (key, value) => this.#change(kind, key, value),
      dropped: (isFirst) => {
        if (isFirst)
          this.#log.warn({ kind, most: options.most }, 'the journal is full: the oldest entries are removed');
      },
    });
    let foreign = 0;
    for (const [key, values] of this.#found.get(kind) ?? []) {
      const entry = options.read(values);
      if (entry) entries.restore(key, entry);
      else foreign += 1;
    }
    if (foreign > 0)
      this.#log.warn(
        { kind, entries: foreign },
        'entries of the journal that are not understood are dropped',
      );
    this.#found.delete(kind);
    this.#kinds.set(kind, entries as unknown as BoundedEntries<object>);
    return entries;
  }

  /** Resolves when everything that was set until now is on disk. Throws what the file system throws. */
  saved(): Promise<void> {
    return this.#turns.run(() => this.#write());
  }

  /** Writes what is left; nothing is written later. Never rejects: what cannot be written is logged. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#due;
    await this.#save();
  }

  #find({ kind, key, value }: PendingLine): void {
    const found = this.#found.get(kind) ?? new Map<string, Values>();
    this.#found.set(kind, found);
    // Last in the order in which entries were set.
    found.delete(key);
    if (value) found.set(key, value);
  }

  #change(kind: string, key: string, value: Values | undefined): void {
    if (!this.#file) return;
    const changed = this.#changed.get(kind) ?? new Map<string, Values | undefined>();
    this.#changed.set(kind, changed);
    changed.delete(key);
    changed.set(key, value);
    this.#due ??= this.#saveAfter(collectFor);
  }

  /** Whether the file could not be written at the last attempt: what is pending is in memory only. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  async #saveAfter(milliseconds: number): Promise<void> {
    await pause(milliseconds, this.#stop.signal);
    this.#due = undefined;
    if (!this.#stop.signal.aborted) await this.#save();
  }

  async #save(): Promise<void> {
    try {
      await this.saved();
      if (this.#isFailing) this.#log.info({ file: this.#file?.path }, 'the journal can be written again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.error(
          { file: this.#file?.path, reason: messageOf(error) },
          'cannot write the journal of pending matters: it stays in memory, and is lost if this program stops',
        );
      this.#isFailing = true;
      if (!this.#stop.signal.aborted) this.#due ??= this.#saveAfter(retryAfter);
    }
  }

  async #write(): Promise<void> {
    const file = this.#file;
    if (!file || (this.#changed.size === 0 && !this.#isBehind)) return;
    const lines = linesOf(this.#changed);
    this.#changed.clear();
    try {
      if (file.isStale || file.isLong(this.#size())) await file.rewrite([...this.#all()]);
      else await file.append(lines);
      this.#isBehind = false;
    } catch (error) {
      this.#isBehind = true;
      for (const { kind, key, value } of lines) {
        const changed = this.#changed.get(kind) ?? new Map<string, Values | undefined>();
        this.#changed.set(kind, changed);
        if (!changed.has(key)) changed.set(key, value);
      }
      throw error;
    }
  }

  #size(): number {
    return [...this.#kinds.values(), ...this.#found.values()].reduce((sum, { size }) => sum + size, 0);
  }

  *#all(): IterableIterator<PendingLine> {
    for (const [kind, found] of this.#found) for (const [key, value] of found) yield { kind, key, value };
    for (const [kind, entries] of this.#kinds)
      for (const [key, value] of entries.entries()) yield { kind, key, value: value as Values };
  }
}

interface Listener {
  changed(key: string, value: Values | undefined): void;
  dropped(isFirst: boolean): void;
}

class BoundedEntries<T extends object> implements PendingEntries<T> {
  // no peer fills this: the user of each kind bounds it, and declares who fills it
  readonly #entries: BoundedMap<string, T>;
  readonly #listener: Listener;
  #dropped = 0;

  constructor({ most, mostBytes, ownerOf }: PendingOptions<T>, listener: Listener) {
    this.#listener = listener;
    this.#entries = new BoundedMap<string, T>({
      most,
      mostBytes,
      bytesOf: (entry, key) => JSON.stringify(entry).length + key.length + overhead,
      ...(ownerOf ? { ownerOf } : {}),
      onEvict: (key) => {
        this.#dropped += 1;
        listener.changed(key, undefined);
        listener.dropped(this.#dropped === 1);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get(key: string): T | undefined {
    return this.#entries.peek(key);
  }

  *entries(): IterableIterator<readonly [string, T]> {
    for (const key of this.#entries.keys()) {
      const entry = this.#entries.peek(key);
      if (entry !== undefined) yield [key, entry];
    }
  }

  set(key: string, entry: T): void {
    this.#listener.changed(key, entry as Values);
    this.#entries.set(key, entry);
  }

  delete(key: string): boolean {
    const isThere = this.#entries.delete(key);
    if (isThere) this.#listener.changed(key, undefined);
    return isThere;
  }

  restore(key: string, entry: T): void {
    this.#entries.set(key, entry);
  }
}

function linesOf(changes: ReadonlyMap<string, ReadonlyMap<string, Values | undefined>>): PendingLine[] {
  return [...changes].flatMap(([kind, changed]) =>
    [...changed].map(([key, value]) => (value === undefined ? { kind, key } : { kind, key, value })),
  );
}
