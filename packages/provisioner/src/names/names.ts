import type { Logger } from '@troupe/core';
import type { ProvisionerConfig } from '../config/config.js';
import type { Peers } from '../rpc/peers.js';
import { Census } from './census.js';
import { NameJournal } from './name-journal.js';
import { ReplacementRule } from './replacement-rule.js';
import { SilenceWatch } from './silence-watch.js';

/** What a provisioner knows about names: its journal, kept up to date, and the rule for giving a name to another machine. */
export class Names {
  readonly rule: ReplacementRule;
  readonly #watch: SilenceWatch;
  readonly #census: Census;
  readonly #isNeeded: boolean;

  constructor(
    peers: Peers,
    config: Pick<ProvisionerConfig, 'policy' | 'journalFile' | 'steps'>,
    log: Logger,
  ) {
    const { replaceAfterSeconds } = config.policy;
    const isOpen = peers.client.config.security.mode === 'none';
    this.#isNeeded = !isOpen && (config.steps.clean_node_certname || config.steps.sign_node_csr);
    const journal = this.#isNeeded ? NameJournal.open(config.journalFile, log) : NameJournal.inMemory(log);
    this.#watch = new SilenceWatch(peers, replaceAfterSeconds);
    this.#census = new Census({ peers, journal, replaceAfterSeconds, log });
    this.rule = new ReplacementRule({
      journal,
      watch: this.#watch,
      replaceAfterSeconds,
      isOpen,
      revokedFile: peers.client.config.security.tokens?.revoked,
      lostFor: () => this.#census.lostFor(),
    });
  }

  async start(): Promise<void> {
    if (this.#isNeeded) await this.#census.start();
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#census.stop();
  }
}
