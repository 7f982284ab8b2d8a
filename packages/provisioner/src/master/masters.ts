import type { Facts, Logger } from '@troupe/core';
import { BoundedMap, writeFactPaths } from '@troupe/core/internal';
import type { ProvisionerConfig } from '../config/config.js';
import { StepFailure } from '../rpc/failure.js';
import type { Peers } from '../rpc/peers.js';

/** A Puppet server that could be chosen. */
export interface Master {
  readonly identity: string;
  /** Its values of the criteria. */
  readonly facts: Facts;
  /** Where nodes reach it. */
  readonly address: string;
  readonly port: number;
  readonly certname: string;
  /** SHA-256 of the CA's certificate file, hexadecimal. */
  readonly caFingerprint: string;
  /** The name of the CA, as it is in the certificates that it makes. */
  readonly caSubject: string | null;
}

/** Milliseconds that the list of masters is good for. */
const freshFor = 5_000;
const answerWithin = 3;
const mostKnown = 1000;

/** The masters that are online now: found by their agent, never configured. */
export class Masters {
  readonly #peers: Peers;
  readonly #config: ProvisionerConfig['master'];
  readonly #log: Logger;
  #listed: { readonly at: number; readonly masters: Promise<readonly Master[]> } | undefined;
  // bound: masters that were ever seen | nodes of the main collective with the agent of masters | {mostKnown} | 8
  // KiB each | the one unused for the longest time is removed
  readonly #known = new BoundedMap<string, Master>({ most: mostKnown });

  constructor(peers: Peers, config: ProvisionerConfig['master'], log: Logger) {
    this.#peers = peers;
    this.#config = config;
    this.#log = log;
  }

  /** Those that reply now, as of at most a few seconds ago. Throws StepFailure if there is none. */
  async list(): Promise<readonly Master[]> {
    const masters = await this.#fresh();
    if (masters.length > 0) return masters;
    this.#listed = undefined;
    const { agent } = this.#config;
    throw new StepFailure(
      'unreachable',
      `no master found: no node with the agent ${agent} replies in the collective ${this.#peers.main}`,
    );
  }

  /** Every master that was ever seen, so that its name is known while it is offline. */
  known(): readonly Master[] {
    return [...this.#known.values()];
  }

  /** Looks again when the list is asked for the next time. */
  forget(): void {
    this.#listed = undefined;
  }

  /** Whether a master and its CA reply at this moment. */
  async isAlive(identity: string): Promise<boolean> {
    const { puppetca, main: collective } = this.#peers;
    const { ok } = await puppetca.info({}, { targets: [identity], collective, answerWithin }).one();
    return ok;
  }

  #fresh(): Promise<readonly Master[]> {
    if (this.#listed && Date.now() - this.#listed.at < freshFor) return this.#listed.masters;
    const masters = this.#find();
    this.#listed = { at: Date.now(), masters };
    masters.catch(() => this.forget());
    return masters;
  }

  async #find(): Promise<readonly Master[]> {
    const { client, puppetca, main: collective } = this.#peers;
    const { nodes } = await client.discover({ collective, filter: this.#config.filter });
    if (nodes.length === 0) return [];
    const options = { targets: nodes, collective, answerWithin };
    const [facts, infos] = await Promise.all([this.#facts(nodes), puppetca.info({}, options).all()]);
    const masters = infos.flatMap(({ sender, ok, data, statusmsg }): Master[] => {
      const { ca_fingerprint: caFingerprint, certname, port } = data;
      const known = facts.get(sender);
      const address = this.#addressOf(known) ?? data.address;
      if (ok && known && caFingerprint && address && certname && port) {
        const caSubject = data.ca_subject;
        return [{ identity: sender, facts: known, address, port, certname, caFingerprint, caSubject }];
      }
      const reason = ok ? 'it did not report the address of its CA, or its facts' : statusmsg;
      this.#log.warn({ master: sender, reason }, 'cannot use master');
      return [];
    });
    for (const master of masters) this.#known.set(master.identity, master);
    return masters;
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
