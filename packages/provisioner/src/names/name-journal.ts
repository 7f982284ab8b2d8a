import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, messageOf, TroupeError } from '@troupe/core';
import { isErrno, makeFolderSync, replaceFileSync } from '@troupe/core/durable-file';
import { sealLine, systemReasonOf, unseal, type Values } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { receiptLifetime } from './receipt-lifetime.js';

/** A name that a host has or had. */
export interface SeenName {
  readonly name: string;
  /** When it was last seen, milliseconds since 1970. */
  readonly time: number;
  /** The enrolment key of the machine that this provisioner gave the name, as the fingerprint of its replies. */
  readonly key?: string;
  /** The fingerprint of its certificate. */
  readonly certificate?: string;
  /** The serial number of its receipt. */
  readonly receipt?: string;
}

/** A receipt that is not valid any more. */
interface Revocation {
  readonly revoked: string;
  /** When that was decided, milliseconds since 1970. */
  readonly time: number;
}

/** Names that are kept; the ones seen longest ago are dropped first. */
const mostNames = 200_000;
const mostBytes = 256 * 1024 * 1024;
const leastLines = 10_000;
/** Milliseconds after which a receipt has expired in any case. */
const receiptsLast = receiptLifetime * 1000;
/** Milliseconds after which a name that is still there is noted again. */
const noteEvery = 3_600_000;

/**
 * The names that a provisioner has seen in use, on disk. If the journal was lost, damaged or cut, it knows that: then
 * every name counts as seen.
 */
export class NameJournal {
  readonly #file: string | undefined;
  readonly #log: Logger;
  readonly #most: number;
  // bound: names that were seen in use, in memory and in the journal of names | nodes; with an enrolment token,
  // under any name | {mostNames} | 400 bytes each; the file has at most {bytes mostBytes} | the names that were seen
  // longest ago are removed, and every name counts as seen
  readonly #names = new Map<string, SeenName>();
  /** Serial numbers of receipts, and when they were revoked. */
  // bound: receipts that were revoked | machines that are retired or replaced | one for each such machine, until its
  // receipt has expired and `mcprovision` is restarted | 100 bytes each | none is removed
  readonly #revoked = new Map<string, number>();
  #isLost = false;
  /** Names were dropped to make room. */
  #isCut = false;
  #lines = 0;
  #sum = 0;
  /** The file must be written anew before something is added. */
  #isStale = false;

  private constructor(file: string | undefined, log: Logger, most: number) {
    this.#file = file;
    this.#log = log;
    this.#most = most;
  }

  /** Makes the first journal, which has seen no name. Throws FILE_UNREADABLE if there is one already, or it cannot be written. */
  static create(file: string): void {
    try {
      makeFolderSync(dirname(file), 0o700);
      const fd = openSync(file, 'wx', 0o600);
      try {
        writeSync(fd, headerOf({ lost: false, cut: false }).line);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch (cause) {
      const reason = isErrno(cause, 'EEXIST') ? 'it exists already' : systemReasonOf(cause);
      throw new TroupeError('FILE_UNREADABLE', `cannot create the journal ${file}: ${reason}`, { cause });
    }
  }

  /** Opens the journal; one that is missing or damaged was lost. Never throws: what cannot be read counts as lost. */
  static open(file: string, log: Logger, { most = mostNames, now = Date.now() } = {}): NameJournal {
    const journal = new NameJournal(file, log, most);
    journal.#load(file, now);
    return journal;
  }

  /** A journal without a file, for what ends with this process. */
  static inMemory(log: Logger): NameJournal {
    return new NameJournal(undefined, log, mostNames);
  }

  /** Whether names are missing that were seen: every name counts as seen until {@link settle}. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether names had to be dropped: every name counts as seen. */
  get isCut(): boolean {
    return this.#isCut;
  }

  get(name: string): SeenName | undefined {
    return this.#names.get(name);
  }

  /** Notes that hosts with these names are there. What the disk does not take is noted at the next occasion. */
  see(names: Iterable<string>, now: number): void {
    const news: SeenName[] = [];
    for (const name of names) {
      const known = this.#names.get(name);
      if (known && Math.abs(now - known.time) < noteEvery) continue;
      news.push({ ...known, name, time: now });
    }
    if (news.length === 0) return;
    try {
      this.#append(news);
    } catch (error) {
      // What is not on disk is not remembered either, so that the next look notes it.
      this.#log.warn({ file: this.#file, reason: messageOf(error) }, 'cannot write the journal of names');
    }
  }

  /** Notes, durably, that a machine is given a name. Throws what the file system throws. */
  assign(seen: SeenName): void {
    this.#append([seen]);
  }

  /** Notes, durably, that a receipt is revoked. Throws what the file system throws. */
  revoke(serial: string, now: number): void {
    const file = this.#file;
    if (file !== undefined) this.#write(file, [{ revoked: serial, time: now }]);
    this.#revoked.set(serial, now);
  }

  isRevoked(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  /** Hosts that are there have been seen since the loss: what is not in the journal was never seen. */
  settle(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    try {
      this.#rewrite();
    } catch (error) {
      this.#isStale = true;
      this.#log.warn({ file: this.#file, reason: messageOf(error) }, 'cannot write the journal of names');
    }
  }

  #append(entries: readonly SeenName[]): void {
    const file = this.#file;
    if (file !== undefined) this.#write(file, entries);
    for (const entry of entries) this.#remember(entry);
    if (this.#names.size > this.#most) this.#drop();
  }

  #write(file: string, entries: readonly (SeenName | Revocation)[]): void {
    if (this.#isStale || this.#lines > 2 * (this.#names.size + this.#revoked.size) + leastLines)
      this.#rewrite();
    let sum = this.#sum;
    const lines = entries.map((entry) => {
      const sealed = sealLine(entry, sum);
      sum = sealed.sum;
      return sealed.line;
    });
    // What a full disk took of a line must not spoil the next one.
    this.#isStale = true;
    const fd = openSync(file, 'a', 0o600);
    try {
      const bytes = Buffer.from(lines.join(''));
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    this.#isStale = false;
    this.#sum = sum;
    this.#lines += entries.length;
  }

  // Last in the order in which names were seen.
  #remember(entry: SeenName): void {
    this.#names.delete(entry.name);
    this.#names.set(entry.name, entry);
  }

  #drop(): void {
    for (const [name] of this.#names) {
      if (this.#names.size <= this.#most) break;
      this.#names.delete(name);
    }
    if (!this.#isCut)
      this.#log.warn(
        { file: this.#file, names: this.#most },
        'the journal of names is full: every name counts as seen from now on',
      );
    this.#isCut = true;
    this.#isStale = true;
  }

  #rewrite(): void {
    const file = this.#file;
    if (file === undefined) return;
    const header = headerOf({ lost: this.#isLost, cut: this.#isCut });
    let { sum } = header;
    const lines = [header.line];
    const revoked = [...this.#revoked].map(([serial, time]): Revocation => ({ revoked: serial, time }));
    for (const entry of [...this.#names.values(), ...revoked]) {
      const sealed = sealLine(entry, sum);
      sum = sealed.sum;
      lines.push(sealed.line);
    }
    replaceFileSync(file, lines.join(''), 0o600);
    this.#sum = sum;
    this.#lines = this.#names.size + revoked.length;
    this.#isStale = false;
  }

  #load(file: string, now: number): void {
    const fault = this.#read(file, now);
    if (fault !== undefined) {
      this.#isLost = true;
      this.#log.error(
        { file, reason: fault },
        'the journal of names was lost: every name that has a certificate counts as seen until policy.replace_after has passed',
      );
    }
    try {
      makeFolderSync(dirname(file), 0o700);
      this.#rewrite();
    } catch (error) {
      this.#isStale = true;
      this.#log.error(
        { file, reason: messageOf(error) },
        'cannot write the journal of names: nothing is signed until this is fixed',
      );
    }
  }

  /** Why the journal is not as it was written. */
  #read(file: string, now: number): string | undefined {
    let text: string;
    try {
      text = readRegularFileSync(file, { most: mostBytes }).toString('utf8');
    } catch (error) {
      return isErrno(error, 'ENOENT') ? 'there is no journal' : messageOf(error);
    }
    const [first = '', ...rest] = text.split('\n');
    const header = unseal(first, 0);
    if (!header.isSound || header.values.names !== 1) return 'it does not begin like a journal';
    this.#isLost = header.values.lost === true;
    this.#isCut = header.values.cut === true;
    let fault: string | undefined;
    let { sum } = header;
    // The last piece is empty, or was torn by a power cut before anything was done.
    for (const [index, line] of rest.slice(0, -1).entries()) {
      const sealed = unseal(line, sum);
      if (!sealed.isSound) fault ??= `line ${index + 2} does not match its checksum`;
      const entry = entryOf(sealed.values);
      const revocation = revocationOf(sealed.values);
      // A name too many harms nobody.
      if (entry) this.#remember(entry);
      else if (revocation && revocation.time > now - receiptsLast)
        this.#revoked.set(revocation.revoked, revocation.time);
      sum = sealed.sum;
    }
    return fault;
  }
}

function headerOf({ lost, cut }: { lost: boolean; cut: boolean }) {
  return sealLine({ names: 1, lost, cut }, 0);
}

function entryOf({ name, time, key, certificate, receipt }: Values): SeenName | undefined {
  if (typeof name !== 'string' || typeof time !== 'number') return undefined;
  const texts = Object.entries({ key, certificate, receipt }).filter(
    ([, value]) => typeof value === 'string',
  );
  return { name, time, ...Object.fromEntries(texts) };
}

function revocationOf({ revoked, time }: Values): Revocation | undefined {
  return typeof revoked === 'string' && typeof time === 'number' ? { revoked, time } : undefined;
}
