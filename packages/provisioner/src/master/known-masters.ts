import type { Values } from '@troupe/core/internal';
import type { PendingEntries, PendingJournal } from '../journal/pending-journal.js';
import type { Master } from './master.js';

/** A master that was seen, or that the record of a node names. */
export interface KnownMaster {
  readonly identity: string;
  /** What it last reported; unknown if only the record of a node names it. */
  readonly master?: Master;
  /** When it last replied, milliseconds since 1970, to the hour. */
  readonly seen?: number;
  /** Since when it does not reply, milliseconds since 1970. */
  readonly awaySince?: number;
}

/** A known master that does not reply. */
export type AwayMaster = KnownMaster & { readonly awaySince: number };

const mostKnown = 1000;
const mostBytes = 8 * 1024 * 1024;
/** Milliseconds after which a master that replies is noted again. */
const noteEvery = 3_600_000;
/** Milliseconds after which a master that does not reply is no longer known. */
const keptFor = 30 * 86_400_000;

/** The masters that were ever seen and are not gone, over restarts of the provisioner. */
export class KnownMasters {
  // bound: masters that were ever seen, in memory and in the journal of pending matters | nodes of the main
  // collective with the agent of masters | {mostKnown}, for 30 days after they were last seen | {bytes mostBytes} |
  // the one seen longest ago is removed
  readonly #entries: PendingEntries<KnownMaster>;

  constructor(pending: PendingJournal, now = Date.now()) {
    this.#entries = pending.entries<KnownMaster>('masters', {
      most: mostKnown,
      mostBytes,
      read: knownMaster,
    });
    for (const [identity, { awaySince = now }] of [...this.#entries.entries()])
      if (awaySince < now - keptFor) this.#entries.delete(identity);
  }

  /** The one that changed longest ago first. */
  list(): readonly KnownMaster[] {
    return [...this.#entries.entries()].map(([, known]) => known);
  }

  get(identity: string): KnownMaster | undefined {
    return this.#entries.get(identity);
  }

  away(): readonly AwayMaster[] {
    return this.list().filter((known): known is AwayMaster => known.awaySince !== undefined);
  }

  /** A master replied; returns whether it did not do so before. */
  saw(master: Master, now: number): boolean {
    const { identity } = master;
    const known = this.get(identity);
    const isNews = !known || known.awaySince !== undefined;
    const isSame = !isNews && JSON.stringify(known.master) === JSON.stringify(master);
    if (!isSame || now - (known.seen ?? 0) >= noteEvery)
      this.#entries.set(identity, { identity, master, seen: now });
    return isNews;
  }

  /** A master does not reply; returns since when. */
  missed(identity: string, now: number): number {
    const known = this.get(identity);
    if (known?.awaySince !== undefined) return known.awaySince;
    this.#entries.set(identity, { ...known, identity, awaySince: now });
    return now;
  }

  /** A host is not a master any more. */
  forget(identity: string): void {
    this.#entries.delete(identity);
  }
}

function knownMaster({ identity, master, seen, awaySince }: Values): KnownMaster | undefined {
  if (typeof identity !== 'string') return undefined;
  const isWhole = master === undefined || isMaster(master);
  if (!isWhole) return undefined;
  return {
    identity,
    ...(master === undefined ? {} : { master }),
    ...(typeof seen === 'number' ? { seen } : {}),
    ...(typeof awaySince === 'number' ? { awaySince } : {}),
  };
}

function isMaster(value: unknown): value is Master {
  if (typeof value !== 'object' || value === null) return false;
  const found = value as Partial<Record<keyof Master, unknown>>;
  const { identity, address, certname, caFingerprint, port, caSubject, facts } = found;
  const areTexts = [identity, address, certname, caFingerprint].every((text) => typeof text === 'string');
  const isSubject = caSubject === null || typeof caSubject === 'string';
  return areTexts && isSubject && typeof port === 'number' && typeof facts === 'object' && facts !== null;
}
