import { type Filter, type Logger, matches, messageOf } from '@troupe/core';
import { pause } from '@troupe/core/async';
import { reasonOf } from '@troupe/core/internal';
import PQueue from 'p-queue';
import { viewOf } from '../node/node-view.js';
import type { Peers } from '../rpc/peers.js';

export interface IntakeOptions {
  readonly peers: Peers;
  readonly collective: string;
  readonly filter: Filter;
  /** Seconds between two searches. */
  readonly everySeconds: number;
  /** Whether nodes that come online are asked at once. */
  readonly isEager: boolean;
  readonly onNode: (identity: string) => void;
  /** A node that is online does not reply, or not as it should: the reason. */
  readonly onTrouble: (identity: string, reason: string) => void;
  readonly log: Logger;
}

/** The periodic search finds the others. */
const mostWaiting = 20_000;

/** Finds nodes: at once when one comes online, and periodically those whose arrival was missed. */
export class Intake {
  /** Resolves after the first search. */
  readonly looked: Promise<void>;
  readonly #options: IntakeOptions;
  readonly #stop = new AbortController();
  // no peer fills this: it holds the nodes that are counted below
  readonly #asking = new PQueue({ concurrency: 20 });
  /** Nodes that wait to be asked: each once, however often it comes and goes. */
  // bound: nodes that have just come online and wait to be asked | nodes; with an enrolment token, under any name |
  // {mostWaiting} | 300 bytes each | the next search finds them
  readonly #waiting = new Set<string>();
  #isBlind = false;
  #hasLooked: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.looked = new Promise((resolve) => {
      this.#hasLooked = resolve;
    });
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#ended, this.#asking.onIdle()]);
  }

  async #run(): Promise<void> {
    const { everySeconds } = this.#options;
    const { signal } = this.#stop;
    let stopListening: (() => void) | undefined;
    while (!signal.aborted) {
      try {
        stopListening ??= await this.#listen();
        await this.#discover(signal);
        this.#isBlind = false;
        this.#hasLooked();
      } catch (error) {
        // Once for each loss of the broker, not at every search.
        if (!this.#isBlind) this.#options.log.warn(reasonOf(error), 'cannot discover nodes');
        this.#isBlind = true;
      }
      await pause(everySeconds * 1000, signal);
    }
    stopListening?.();
    this.#hasLooked();
  }

  async #listen(): Promise<() => void> {
    const { peers, collective, isEager } = this.#options;
    if (!isEager) return () => {};
    const presence = await peers.client.presence(collective);
    return presence.onChange(({ identity, online }) => {
      if (online) this.#ask(identity);
    });
  }

  #ask(identity: string): void {
    if (this.#waiting.has(identity) || this.#waiting.size >= mostWaiting) return;
    this.#waiting.add(identity);
    void this.#asking.add(() => {
      // One that comes again meanwhile is asked again.
      this.#waiting.delete(identity);
      return this.#consider(identity);
    });
  }

  // Asks the node itself instead of all nodes.
  async #consider(identity: string): Promise<void> {
    const { peers, collective, filter, onNode, onTrouble, log } = this.#options;
    const { signal } = this.#stop;
    if (signal.aborted) return;
    try {
      const view = await viewOf({ identity, collective }, peers, signal);
      if ((await matches(filter, view)) && !signal.aborted) onNode(identity);
    } catch (error) {
      log.debug({ node: identity, reason: messageOf(error) }, 'cannot query a node that came online');
      if (!signal.aborted) onTrouble(identity, messageOf(error));
    }
  }

  // Each node is taken as it replies: one that does not reply delays no other.
  async #discover(signal: AbortSignal): Promise<void> {
    const { peers, collective, filter, isEager, onNode, onTrouble } = this.#options;
    const { silent, refused } = await peers.client.discover({
      collective,
      filter,
      signal,
      onNode: (identity) => {
        if (!signal.aborted) onNode(identity);
      },
    });
    if (signal.aborted) return;
    for (const identity of silent) onTrouble(identity, 'it is online, but does not reply');
    // One whose clock is wrong refuses a request to all, and may accept one that is dated by its clock.
    for (const { sender, statusmsg } of refused) {
      if (isEager) this.#ask(sender);
      else onTrouble(sender, statusmsg);
    }
  }
}
