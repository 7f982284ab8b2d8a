import type { Client } from '@troupe/client';
import { compilePattern, type Logger, messageOf } from '@troupe/core';
import { pause } from '@troupe/core/async';
import { eventKind } from '../events/event-publisher.js';
import type { Peers } from '../rpc/peers.js';
import type { NameJournal } from './name-journal.js';

/** Seconds between two looks at the main collective, which may be large. */
const usualSeconds = 3600;
const leastSeconds = 1;

/**
 * Keeps the journal of names up to date: hosts that reply in the main collective, and hosts that other provisioners
 * have provisioned. After a loss it looks more often, until `replaceAfterSeconds` have passed without a loss of the
 * connection.
 */
export class Census {
  readonly #peers: Peers;
  readonly #journal: NameJournal;
  readonly #seconds: number;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  #connectedAt: number;
  #running: Promise<void> = Promise.resolve();
  #unsubscribe: (() => Promise<void>) | undefined;

  constructor(options: {
    readonly peers: Peers;
    readonly journal: NameJournal;
    readonly replaceAfterSeconds: number;
    readonly log: Logger;
    /** Milliseconds on a clock that nobody sets. */
    readonly now?: () => number;
  }) {
    const { peers, journal, replaceAfterSeconds, log, now = () => performance.now() } = options;
    this.#peers = peers;
    this.#journal = journal;
    this.#seconds = replaceAfterSeconds;
    this.#log = log;
    this.#now = now;
    this.#connectedAt = now();
    peers.client.onConnect(() => {
      this.#connectedAt = this.#now();
    });
  }

  /** Seconds until the names that are missing in a lost journal no longer count as seen. */
  lostFor(): number {
    return Math.max(this.#seconds - (this.#now() - this.#connectedAt) / 1000, 0);
  }

  async start(): Promise<void> {
    const { client, main, enrolment } = this.#peers;
    const callers = compilePattern(client.config.security.callers.match, 'security.callers.match');
    this.#unsubscribe = await client.onEvent(({ kind, sender, data }) => {
      if (kind === eventKind && callers.test(sender)) this.#noteDone(data);
    }, main);
    // In a network with one collective for all, machines without a certificate reply there, too.
    this.#running = main === enrolment ? this.#settleAlone() : this.#run(client);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#unsubscribe?.().catch(() => {});
  }

  #noteDone({ type, report }: Readonly<Record<string, unknown>>): void {
    if (type !== 'done' || typeof report !== 'object' || report === null) return;
    const { certname } = report as { certname?: unknown };
    if (typeof certname === 'string') this.#journal.see([certname], Date.now());
  }

  async #run(client: Client): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isOld = this.lostFor() === 0;
      const isComplete = await this.#look(client);
      if (isOld && isComplete && client.isConnected && this.lostFor() === 0) this.#journal.settle();
      const seconds = this.#journal.isLost
        ? Math.max(Math.min(this.#seconds / 4, this.lostFor()), leastSeconds)
        : usualSeconds;
      await pause(seconds * 1000, signal);
    }
  }

  async #settleAlone(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#journal.isLost) {
      await pause(Math.max(this.lostFor(), leastSeconds) * 1000, signal);
      if (this.lostFor() === 0 && this.#peers.client.isConnected) this.#journal.settle();
    }
  }

  async #look(client: Client): Promise<boolean> {
    const { signal } = this.#stop;
    try {
      const { nodes } = await client.discover({ collective: this.#peers.main, signal });
      this.#journal.see(nodes, Date.now());
      return true;
    } catch (error) {
      if (!signal.aborted)
        this.#log.debug({ reason: messageOf(error) }, 'cannot look at the main collective');
      return false;
    }
  }
}
