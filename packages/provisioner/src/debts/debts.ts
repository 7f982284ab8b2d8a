import type { Values } from '@troupe/core/internal';
import type { PendingEntries, PendingJournal } from '../journal/pending-journal.js';

/** Certificates that are to be removed from a CA as soon as one of its masters replies. */
export interface Debt {
  /** The name of the certificates. */
  readonly certname: string;
  /** The node for which they are removed. */
  readonly identity: string;
  /** The master that did not reply, or whose CA failed. */
  readonly master: string;
  /** SHA-256 of the certificate of its CA; unknown if only the record of a node names the master. */
  readonly ca?: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Why they are not removed yet. */
  readonly reason: string;
}

const mostDebts = 50_000;
const mostBytes = 32 * 1024 * 1024;

/** What a provisioner owes to CAs: cleanings that were not possible. */
export class Debts {
  // bound: cleanings that CAs owe, in memory and in the journal of pending matters | nodes that are provisioned while
  // a master is away | {mostDebts} | {bytes mostBytes} | the oldest is removed, and counted in the log
  readonly #entries: PendingEntries<Debt>;

  constructor(pending: PendingJournal) {
    this.#entries = pending.entries<Debt>('debts', { most: mostDebts, mostBytes, read: debtOf });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The oldest first. */
  list(): readonly Debt[] {
    return [...this.#entries.entries()].map(([, debt]) => debt);
  }

  /** Adds a debt; one that exists keeps its time. */
  add(debt: Debt): void {
    const key = keyOf(debt);
    const known = this.#entries.get(key);
    if (known?.reason === debt.reason && known.identity === debt.identity) return;
    this.#entries.set(key, { ...debt, since: known?.since ?? debt.since });
  }

  /** The CA was cleaned of the name, or need not be. */
  settle(debt: Pick<Debt, 'certname' | 'master' | 'ca'>): void {
    this.#entries.delete(keyOf(debt));
    // Noted before the CA of the master was known.
    this.#entries.delete(keyOf({ certname: debt.certname, master: debt.master }));
  }
}

/** Describes a debt. */
export function wordsOfDebt({ certname, master, since, reason }: Debt): string {
  return `certificates of ${certname} have to be removed from the CA of ${master} since ${new Date(since).toISOString()}: ${reason}`;
}

function keyOf({ certname, master, ca }: Pick<Debt, 'certname' | 'master' | 'ca'>): string {
  return `${certname} ${ca === undefined ? `of ${master}` : ca}`;
}

function debtOf({ certname, identity, master, ca, since, reason }: Values): Debt | undefined {
  if (typeof certname !== 'string' || typeof identity !== 'string') return undefined;
  if (typeof master !== 'string' || typeof since !== 'number' || typeof reason !== 'string') return undefined;
  return { certname, identity, master, since, reason, ...(typeof ca === 'string' ? { ca } : {}) };
}
