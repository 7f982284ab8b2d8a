import type { Result } from '@troupe/client';
import { type Facts, type Logger, Status } from '@troupe/core';
import { BoundedMap, writeFactPaths } from '@troupe/core/internal';
import type { ProvisionerConfig } from '../config/config.js';
import { PendingJournal } from '../journal/pending-journal.js';
import { StepFailure } from '../rpc/failure.js';
import type { Peers } from '../rpc/peers.js';
import { type AwayMaster, KnownMasters } from './known-masters.js';
import type { Master } from './master.js';

/** The masters as of now. */
export interface MasterList {
  readonly here: readonly Master[];
  /** Known and not replying. */
  readonly away: readonly AwayMaster[];
}

type Info = Result<Awaited<ReturnType<ReturnType<Peers['puppetca']['info']>['one']>>['data']>;

/** Milliseconds that the list of masters is good for. */
const freshFor = 5_000;
const answerWithin = 3;
const mostGone = 1000;

/** The masters: found by their agent, never configured. One that does not reply is away, not gone. */
export class Masters {
  readonly #peers: Peers;
  readonly #config: ProvisionerConfig['master'];
  readonly #log: Logger;
  readonly #known: KnownMasters;
  #looked: { readonly at: number; readonly list: Promise<MasterList> } | undefined;
  #turns = 0;
  /** What the latest look found of those that have ended. */
  #found: { readonly turn: number; readonly list: MasterList } | undefined;
  /** Why a master could not be used when it was looked at last: what repeats is logged once. */
  // no peer fills this: it holds masters, which the policies of the main collective admit
  #faults: ReadonlyMap<string, string> = new Map();
  /** Hosts that were masters and are not any more. */
  // bound: hosts that were masters | nodes of the main collective with the agent of masters | {mostGone} | 300 bytes
  // each | the one unused for the longest time is removed, and is found out again
  readonly #gone = new BoundedMap<string, true>({ most: mostGone });
  // no peer fills this: it holds what this program itself asks for
  readonly #listeners = new Set<(identities: readonly string[]) => void>();

  constructor(
    peers: Peers,
    config: ProvisionerConfig['master'],
    log: Logger,
    known = new KnownMasters(PendingJournal.inMemory(log)),
  ) {
    this.#peers = peers;
    this.#config = config;
    this.#log = log;
    this.#known = known;
  }

  /** Those that reply, as of at most a few seconds ago. Throws StepFailure if there is none. */
  async list(): Promise<readonly Master[]> {
    const { here } = await this.look();
    if (here.length > 0) return here;
    throw this.none();
  }

  /** Those that reply and those that are away, as of at most a few seconds ago. */
  look(): Promise<MasterList> {
    if (this.#looked && Date.now() - this.#looked.at < freshFor) return this.#looked.list;
    const list = this.#find();
    const looked = { at: Date.now(), list };
    this.#looked = looked;
    const isUseless = list.then(
      ({ here }) => here.length === 0,
      () => true,
    );
    void isUseless.then((isSo) => {
      if (isSo && this.#looked === looked) this.forget();
    });
    return list;
  }

  /** Every master that was ever seen, so that its name is known while it is offline. */
  known(): readonly Master[] {
    return this.#known.list().flatMap(({ master }) => (master ? [master] : []));
  }

  /** The masters that were away when they were looked at last. */
  away(): readonly AwayMaster[] {
    return this.#known.away();
  }

  /** The failure if no master replies. */
  none(): StepFailure {
    const { main } = this.#peers;
    const away = this.away();
    const reason =
      away.length > 0
        ? `no master replies: ${away.map(wordsOfAway).join(', ')}`
        : `no master found: no node with the agent ${this.#config.agent} replies in the collective ${main}`;
    return new StepFailure('master-away', reason);
  }

  /** A master that a node has does not reply; returns since when, milliseconds since 1970; undefined if it is gone. */
  missed(identity: string): number | undefined {
    return this.#gone.has(identity) ? undefined : this.#known.missed(identity, Date.now());
  }

  /** Whether a master with this name or this CA is known: one that was not seen for 30 days is not. */
  knows({ master, ca }: { readonly master: string; readonly ca?: string }): boolean {
    return this.#known
      .list()
      .some((known) => known.identity === master || (ca !== undefined && known.master?.caFingerprint === ca));
  }

  /** Whether provisioning waits for a master that is away, instead of another one. */
  isAwaited({ awaySince }: Pick<AwayMaster, 'awaySince'>): boolean {
    return this.secondsLeft(awaySince) > 0;
  }

  /** Seconds until a master that is away since then is passed over. */
  secondsLeft(awaySince: number): number {
    return this.#config.fallbackSeconds - (Date.now() - awaySince) / 1000;
  }

  /** Calls the listener with masters that did not reply before, until the result is called. */
  onBack(listener: (identities: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A host came online: returns whether it is a master that was away; then the next look is a new one. */
  arrived(identity: string): boolean {
    const isBack = this.#known.get(identity)?.awaySince !== undefined;
    if (isBack) this.forget();
    return isBack;
  }

  /** Looks again when the list is asked for the next time. */
  forget(): void {
    this.#looked = undefined;
  }

  /** Whether a master and its CA reply at this moment. */
  async isAlive(identity: string): Promise<boolean> {
    const { puppetca, main: collective } = this.#peers;
    const { ok } = await puppetca.info({}, { targets: [identity], collective, answerWithin }).one();
    return ok;
  }

  async #find(): Promise<MasterList> {
    this.#turns += 1;
    const turn = this.#turns;
    const { client, puppetca, main: collective } = this.#peers;
    const { nodes } = await client.discover({ collective, filter: this.#config.filter });
    const missing = this.#known
      .list()
      .map(({ identity }) => identity)
      .filter((identity) => !nodes.includes(identity));
    const targets = [...nodes, ...missing];
    if (targets.length === 0) return { here: [], away: [] };
    const [facts, infos] = await Promise.all([
      this.#facts(targets),
      puppetca.info({}, { targets, collective, answerWithin }).all(),
    ]);
    const gone = await this.#findGone(missing, infos);
    // A look waits for masters that do not reply: one that began after it may have ended, with a master that is back.
    if (this.#found && this.#found.turn > turn) return this.#found.list;
    const faults = new Map<string, string>();
    const here = infos.flatMap((info): Master[] => {
      if (gone.has(info.sender)) return [];
      const known = facts.get(info.sender);
      const master = this.#masterOf(info, known);
      if (master) return [master];
      const reason = info.ok ? 'it did not report the address of its CA, or its facts' : info.statusmsg;
      faults.set(info.sender, reason);
      return [];
    });
    this.#note(here, faults, gone);
    const list = { here, away: this.#known.away() };
    this.#found = { turn, list };
    return list;
  }

  // What a host replies that the search did not find says whether it still is a master: a search may miss one.
  async #findGone(missing: readonly string[], infos: readonly Info[]): Promise<ReadonlySet<string>> {
    const isMissing = new Set(missing);
    const replied = infos.filter(({ sender, ok }) => ok && isMissing.has(sender));
    const without = infos.filter(
      ({ sender, statuscode }) => isMissing.has(sender) && statuscode === Status.unknownAction,
    );
    const gone = new Set(without.map(({ sender }) => sender));
    if (replied.length === 0) return gone;
    const { client, main: collective } = this.#peers;
    const among = replied.map(({ sender }) => sender);
    const { nodes, silent, refused, offline } = await client.discover({
      collective,
      filter: this.#config.filter,
      among,
    });
    const undecided = new Set([...nodes, ...silent, ...offline, ...refused.map(({ sender }) => sender)]);
    for (const identity of among) if (!undecided.has(identity)) gone.add(identity);
    return gone;
  }

  #note(here: readonly Master[], faults: ReadonlyMap<string, string>, gone: ReadonlySet<string>): void {
    const now = Date.now();
    for (const identity of gone) {
      this.#known.forget(identity);
      this.#gone.set(identity, true);
      this.#log.info({ master: identity }, 'this host is not a master any more');
    }
    for (const { identity } of here) this.#gone.delete(identity);
    const back = here.filter((master) => this.#known.saw(master, now)).map(({ identity }) => identity);
    for (const [identity, reason] of faults) {
      // A host that has never been usable is not known: nothing waits for it.
      if (this.#known.get(identity)) this.#known.missed(identity, now);
      if (this.#faults.get(identity) !== reason)
        this.#log.warn({ master: identity, reason }, 'cannot use master');
    }
    this.#faults = faults;
    if (back.length === 0) return;
    for (const listener of this.#listeners) listener(back);
  }

  #masterOf({ sender, ok, data }: Info, known: Facts | undefined): Master | undefined {
    if (!ok || !known) return undefined;
    const { ca_fingerprint: caFingerprint, certname, port, ca_subject: caSubject } = data;
    const address = this.#addressOf(known) ?? data.address;
    if (!caFingerprint || !address || !certname || !port) return undefined;
    return { identity: sender, facts: known, address, port, certname, caFingerprint, caSubject };
  }

  async #facts(targets: readonly string[]): Promise<ReadonlyMap<string, Facts>> {
    const { criteria, addressFact } = this.#config;
    const names = [...new Set([...criteria, ...(addressFact === undefined ? [] : [addressFact])])];
    if (names.length === 0) return new Map(targets.map((identity) => [identity, {}]));
    const { rpcutil, main: collective } = this.#peers;
    const answers = await rpcutil
      .get_facts({ facts: writeFactPaths(names) }, { targets, collective, answerWithin })
      .all();
    return new Map(answers.flatMap(({ sender, ok, data }) => (ok ? [[sender, data.values ?? {}]] : [])));
  }

  // A configuration of 2010 names the fact; the master itself knows better where nodes reach its CA.
  #addressOf(facts: Facts | undefined): string | undefined {
    const { addressFact } = this.#config;
    const value = addressFact === undefined ? undefined : facts?.[addressFact];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }
}

/** Describes a master that is away. */
export function wordsOfAway({ identity, awaySince }: Pick<AwayMaster, 'identity' | 'awaySince'>): string {
  return `${identity} has not replied since ${new Date(awaySince).toISOString()}`;
}
